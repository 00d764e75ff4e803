"""The shipping service's process: `python3 -m boutique_shipping`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from boutique_runtime import serving
from boutique_shipping.service import ShippingServicer
from boutique_shipping.settings import ShippingSettings
from hipstershop import shop_pb2, shop_pb2_grpc


@asynccontextmanager
async def open_service(settings: ShippingSettings) -> AsyncIterator[serving.GrpcService]:
    """Opens the shipping service."""
    yield serving.GrpcService(
        descriptor=shop_pb2.DESCRIPTOR.services_by_name["ShippingService"],
        add_to_server=shop_pb2_grpc.add_ShippingServiceServicer_to_server,
        servicer=ShippingServicer(),
    )


if __name__ == "__main__":
    serving.run("shipping", ShippingSettings, open_service)
