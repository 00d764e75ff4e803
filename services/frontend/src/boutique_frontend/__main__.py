"""Runs the storefront: `python3 -m boutique_frontend`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from boutique_frontend.application import create_application
from boutique_frontend.services import open_services
from boutique_frontend.settings import FrontendSettings
from boutique_runtime import http_serving


@asynccontextmanager
async def open_application(settings: FrontendSettings) -> AsyncIterator[http_serving.Application]:
    """Opens the services and yields the application."""
    async with open_services(settings) as services:
        yield create_application(services)


if __name__ == "__main__":
    http_serving.run("frontend", FrontendSettings, open_application)
