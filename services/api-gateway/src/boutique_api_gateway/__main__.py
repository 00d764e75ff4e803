"""Runs the API gateway: `python3 -m boutique_api_gateway`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from boutique_api_gateway.application import create_application
from boutique_api_gateway.services import open_services
from boutique_api_gateway.settings import GatewaySettings
from boutique_runtime import http_serving


@asynccontextmanager
async def open_application(settings: GatewaySettings) -> AsyncIterator[http_serving.Application]:
    """Opens the services and yields the application."""
    async with open_services(settings) as services:
        yield create_application(services, settings)


if __name__ == "__main__":
    http_serving.run("api-gateway", GatewaySettings, open_application)
