"""The payment service on a day in November 2026."""

from __future__ import annotations

from datetime import date

import pytest

from boutique_payment.service import PaymentServicer
from boutique_runtime.serving import GrpcService
from boutique_testing.plugin import Serve
from hipstershop import shop_pb2, shop_pb2_grpc


@pytest.fixture
async def payment(serve: Serve) -> shop_pb2_grpc.PaymentServiceAsyncStub:
    service = GrpcService(
        descriptor=shop_pb2.DESCRIPTOR.services_by_name["PaymentService"],
        add_to_server=shop_pb2_grpc.add_PaymentServiceServicer_to_server,
        servicer=PaymentServicer(processing_seconds=0, today=lambda: date(2026, 11, 30)),
    )
    return shop_pb2_grpc.PaymentServiceStub(await serve(service))
