"""Proxies pictures from the content service."""

from typing import Annotated

from fastapi import Path, Request, Response

from boutique_api_gateway.services import READ_TIMEOUT, InjectedServices

# Only a name: it cannot lead to another folder, and decoding it again does not change it.
Filename = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", examples=["mug.svg"])]


async def picture(services: InjectedServices, request: Request, file: Filename) -> Response:
    """Returns a picture, or the requested part of it."""
    return await services.content.forward(request, f"/{file}", timeout_seconds=READ_TIMEOUT)
