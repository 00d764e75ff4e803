"""The payment service's process: `python3 -m boutique_payment`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from boutique_payment.service import PaymentServicer
from boutique_payment.settings import PaymentSettings
from boutique_runtime import serving
from hipstershop import shop_pb2, shop_pb2_grpc


@asynccontextmanager
async def open_service(settings: PaymentSettings) -> AsyncIterator[serving.GrpcService]:
    """Opens the payment service."""
    yield serving.GrpcService(
        descriptor=shop_pb2.DESCRIPTOR.services_by_name["PaymentService"],
        add_to_server=shop_pb2_grpc.add_PaymentServiceServicer_to_server,
        servicer=PaymentServicer(settings.processing_seconds),
    )


if __name__ == "__main__":
    serving.run("payment", PaymentSettings, open_service)
