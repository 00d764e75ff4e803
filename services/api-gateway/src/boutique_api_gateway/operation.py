"""Endpoints for operators and for authors of clients: health, metrics and the OpenAPI document."""

from typing import Literal

from fastapi import Request, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel


class Health(BaseModel):
    """The health of the gateway."""

    healthy: Literal[True] = True


async def health() -> Health:
    """Reports that the gateway runs, whatever the state of the services behind it."""
    return Health()


async def metrics(request: Request) -> Response:
    """Returns the metrics in Prometheus' text format."""
    return Response(generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)


async def document(request: Request) -> Response:
    """Returns the OpenAPI document."""
    return Response(request.app.state.document, media_type="application/json")
