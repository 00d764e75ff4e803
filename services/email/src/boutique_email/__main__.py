"""The email service's process: `python3 -m boutique_email`."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from boutique_email.delivery import delivery
from boutique_email.names import ProductNames, catalog_names, no_names
from boutique_email.outbox import Outbox
from boutique_email.rendering import Renderer
from boutique_email.service import EmailServicer
from boutique_email.settings import EmailSettings
from boutique_runtime import serving
from boutique_runtime.clients import open_stub
from hipstershop import shop_pb2, shop_pb2_grpc


@asynccontextmanager
async def open_service(settings: EmailSettings) -> AsyncIterator[serving.GrpcService]:
    """Opens the email service."""
    async with AsyncExitStack() as stack:
        names: ProductNames = no_names
        if settings.product_catalog_service_addr is not None:
            catalog = open_stub(shop_pb2_grpc.ProductCatalogServiceStub, settings.product_catalog_service_addr)
            names = catalog_names(await stack.enter_async_context(catalog))
        outbox = Outbox(names, Renderer(), delivery(settings))
        stack.push_async_callback(outbox.drain, settings.shutdown_grace_seconds)
        yield serving.GrpcService(
            descriptor=shop_pb2.DESCRIPTOR.services_by_name["EmailService"],
            add_to_server=shop_pb2_grpc.add_EmailServiceServicer_to_server,
            servicer=EmailServicer(outbox),
        )


if __name__ == "__main__":
    serving.run("email", EmailSettings, open_service)
