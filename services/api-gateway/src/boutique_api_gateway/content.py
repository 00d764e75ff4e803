"""Pictures, passed on from the content service as they come."""

from typing import Annotated

from fastapi import Path, Request, Response

from boutique_api_gateway.services import READ_SECONDS, Neighbours

# A name alone: nothing in it leads to another folder, or means something else once it is decoded again.
Filename = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", examples=["mug.svg"])]


async def picture(services: Neighbours, request: Request, file: Filename) -> Response:
    return await services.content.forward(request, f"/{file}", timeout_seconds=READ_SECONDS)
