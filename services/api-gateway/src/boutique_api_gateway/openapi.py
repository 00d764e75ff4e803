"""The OpenAPI document: what FastAPI says of the routes, less what it assumes of them."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from boutique_api_gateway import failures
from boutique_api_gateway.messages import Failure
from boutique_api_gateway.routes import Route

_FAILURE = {"$ref": "#/components/schemas/Failure"}

_ASSUMED_STATUS = "422"
_ASSUMED_SCHEMAS = ("HTTPValidationError", "ValidationError")


def responses(route: Route) -> dict[int | str, dict[str, Any]]:
    """Of a route, as FastAPI takes them."""
    described: dict[int | str, dict[str, Any]] = {
        # By name: FastAPI would make a model anew for each.
        status: {"description": failures.MEANINGS[status], "content": {"application/json": {"schema": _FAILURE}}}
        for status in sorted(route.refuses)
    }
    if 503 in described:
        described[503]["headers"] = {
            "Retry-After": {
                "description": "Seconds until it is worth another try.",
                "required": True,
                "schema": {"type": "integer"},
            }
        }
    if isinstance(route.answers, str):
        described[200] = {"description": route.does, "content": {route.answers: {"schema": {}}}}
    return described


def write_document(application: FastAPI) -> bytes:
    document = get_openapi(
        title="Boutique",
        version="1",
        description="The shop over HTTP and JSON. HEAD is answered wherever GET is.",
        routes=application.routes,
    )
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop(_ASSUMED_STATUS, None)
    schemas = document["components"]["schemas"]
    for name in _ASSUMED_SCHEMAS:
        schemas.pop(name, None)
    schemas["Failure"] = Failure.model_json_schema()
    return json.dumps(document).encode()
