"""The OpenAPI document: what FastAPI says of the routes, less what it assumes of them."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

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
    for status in route.also:
        described[status] = {"description": HTTPStatus(status).phrase}
    return described


def write_document(routes: Sequence[BaseRoute]) -> bytes:
    document = get_openapi(
        title="Boutique",
        version="1",
        description="The shop over HTTP and JSON. HEAD is answered wherever GET is.",
        routes=routes,
    )
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop(_ASSUMED_STATUS, None)
            for parameter in operation.get("parameters", ()):
                _leave_out_null(parameter["schema"])
    schemas = document["components"]["schemas"]
    for name in _ASSUMED_SCHEMAS:
        schemas.pop(name, None)
    schemas["Failure"] = Failure.model_json_schema()
    return json.dumps(document).encode()


def _leave_out_null(schema: dict[str, Any]) -> None:
    """What is no JSON can be left out, but not be null."""
    if "anyOf" in schema:
        given, _ = schema.pop("anyOf")
        schema.update(given)
