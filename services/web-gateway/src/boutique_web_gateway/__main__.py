"""Runs the web gateway: `python3 -m boutique_web_gateway`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from boutique_runtime import http_serving
from boutique_runtime.assets import read_assets
from boutique_runtime.reverse_proxy import open_reverse_proxy
from boutique_web_gateway.application import create_application
from boutique_web_gateway.sessions import Sessions, create_signer
from boutique_web_gateway.settings import WebGatewaySettings
from boutique_web_gateway.store import open_store


@asynccontextmanager
async def open_application(settings: WebGatewaySettings) -> AsyncIterator[http_serving.Application]:
    """Reads the application's files, opens the store, and yields the application."""
    files = read_assets(settings.application_directory)
    signer = create_signer(settings.session_signing_key)
    async with open_store(settings.session_data) as store, open_reverse_proxy(settings.api_gateway_addr) as proxy:
        yield create_application(files, Sessions(store, signer), proxy)


if __name__ == "__main__":
    http_serving.run("web-gateway", WebGatewaySettings, open_application)
