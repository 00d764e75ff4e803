"""The OpenAPI document, and whether the gateway behaves as documented."""

import asyncio
from typing import Any

import httpx
import pytest
import schemathesis
from schemathesis import Case, GenerationMode, HookContext
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from boutique_api_gateway.routes import ROUTES


@pytest.fixture
async def document(client: httpx.AsyncClient) -> Any:
    response = await client.get("/openapi.json")
    assert response.status_code == 200
    return response.json()


async def test_the_document_has_exactly_the_routes_of_the_table(document: Any) -> None:
    described = [(method.upper(), path) for path, methods in document["paths"].items() for method in methods]
    assert sorted(described) == sorted((route.method, route.path) for route in ROUTES)


async def test_each_route_documents_its_statuses(document: Any) -> None:
    for route in ROUTES:
        operation = document["paths"][route.path][route.method.lower()]
        assert set(operation["responses"]) == {"200", *map(str, (*route.failures, *route.other_statuses))}


async def test_the_gateway_behaves_as_documented(port: int, carts: dict[str, dict[str, int]]) -> None:
    carts["fuzzed"] = {"6E92ZMYYFZ": 2}
    modes, failures = await asyncio.to_thread(fuzz, f"http://127.0.0.1:{port}/openapi.json")
    assert modes == set(GenerationMode)
    assert failures == []


FUZZING = {
    "seed": 1,
    "suppress-health-check": ["all"],
    "generation": {"mode": "all", "max-examples": 5, "deterministic": True, "database": "none"},
    "phases": {"stateful": {"enabled": False}},
}
"""Leaves all default checks of schemathesis on."""


def fuzz(url: str) -> tuple[set[GenerationMode], list[str]]:
    """Returns the kinds of requests sent, valid or invalid, and responses that differ from the document."""
    schema = schemathesis.openapi.from_url(url, config=SchemathesisConfig.from_dict(FUZZING))
    schema.hook("map_case")(name_a_session)
    modes: set[GenerationMode] = set()
    failures = []
    for event in from_schema(schema).execute():
        match event:
            case events.ScenarioFinished(recorder=recorder):
                modes |= {node.value.meta.generation.mode for node in recorder.cases.values() if node.value.meta}
                failures += found(recorder)
            case events.NonFatalError() | events.FatalError():
                failures.append(str(event))
    return modes, failures


def name_a_session(_: HookContext, case: Case[Any]) -> Case[Any]:
    """Adds a session: OpenAPI cannot require it in one of two places."""
    in_body = isinstance(case.body, dict) and case.body.get("session_id") is not None
    if not in_body and "session_id" not in case.cookies:
        case.cookies["session_id"] = "fuzzed"
    return case


def found(recorder: ScenarioRecorder) -> list[str]:
    return [
        f"{check.name}: {check.failure_info.code_sample}: {check.failure_info.failure.message}"
        for checks in recorder.checks.values()
        for check in checks
        if check.failure_info
    ]
