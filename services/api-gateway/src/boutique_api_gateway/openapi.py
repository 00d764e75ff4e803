"""Generates the OpenAPI document: FastAPI's, without the 422 responses that it assumes for every route."""

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
    """Returns the responses of a route in the form that FastAPI takes."""
    documented: dict[int | str, dict[str, Any]] = {
        # By reference: FastAPI would create a model for each.
        status: {"description": failures.REASONS[status], "content": {"application/json": {"schema": _FAILURE}}}
        for status in sorted(route.failures)
    }
    if 503 in documented:
        documented[503]["headers"] = {
            "Retry-After": {
                "description": "Seconds to wait before trying again.",
                "required": True,
                "schema": {"type": "integer"},
            }
        }
    if isinstance(route.response, str):
        documented[200] = {"description": route.summary, "content": {route.response: {"schema": {}}}}
    for status in route.other_statuses:
        documented[status] = {"description": HTTPStatus(status).phrase}
    return documented


def write_document(routes: Sequence[BaseRoute]) -> bytes:
    """Returns the OpenAPI document of the routes as JSON."""
    document = get_openapi(
        title="Boutique",
        version="1",
        description="The shop over HTTP and JSON. HEAD is allowed wherever GET is.",
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
    """Removes null from the schema of a parameter: it may be missing, but not null."""
    if "anyOf" in schema:
        value, _ = schema.pop("anyOf")
        schema.update(value)
