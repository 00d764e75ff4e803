"""The behaviour that all HTTP services share."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from boutique_development_servers.processes import free_port, running
from boutique_runtime.deadlines import clamp_to_deadline
from boutique_runtime.http_serving import Message, Receive, Scope, Send, with_request_scope
from boutique_runtime.telemetry import current_request_id


async def answering(scope: Scope, _: Receive, send: Send) -> None:
    """Returns the request id with the status in the path; `/fault` raises."""
    if scope["path"] == "/fault":
        raise ZeroDivisionError("a secret of the inside")
    scope["reason"] = "as asked"
    start: Message = {"type": "http.response.start", "status": int(scope["path"][1:]), "headers": []}
    await send(start)
    await send({"type": "http.response.body", "body": current_request_id().encode()})


async def get(path: str, headers: dict[str, str] | None = None) -> httpx.Response:
    transport = httpx.ASGITransport(with_request_scope(answering))
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
        return await client.get(path, headers=headers)


async def test_the_callers_request_id_is_used_and_returned() -> None:
    answer = await get("/200", {"X-Request-ID": "from-the-caller"})
    assert (answer.text, answer.headers["x-request-id"]) == ("from-the-caller", "from-the-caller")


async def test_an_invalid_request_id_is_replaced() -> None:
    answer = await get("/200", {"x-request-id": '"forged": "line"'})
    assert answer.text == answer.headers["x-request-id"]
    assert answer.text.isalnum()


@pytest.mark.parametrize(("status", "level"), [(404, logging.INFO), (503, logging.WARNING)])
async def test_a_failed_request_is_logged_in_one_line_with_the_reason(
    caplog: pytest.LogCaptureFixture, status: int, level: int
) -> None:
    caplog.set_level(logging.INFO, logger="boutique_runtime")
    await get(f"/{status}")
    (record,) = caplog.records
    logged: dict[str, Any] = record.__dict__
    assert record.levelno == level
    assert (logged["method"], logged["path"], logged["status"]) == ("GET", f"/{status}", status)
    assert logged["reason"] == "as asked"


async def test_a_request_that_succeeds_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="boutique_runtime")
    await get("/200")
    assert caplog.records == []


async def test_an_internal_error_has_the_request_id_and_no_details(caplog: pytest.LogCaptureFixture) -> None:
    answer = await get("/fault", {"x-request-id": "find-me"})
    assert answer.status_code == 500
    assert "find-me" in answer.text
    assert "secret" not in answer.text
    assert [record.getMessage() for record in caplog.records] == ["failed"]


async def seconds_for_a_call_of_a_minute(headers: dict[str, str]) -> float:
    """Returns the timeout that the service would use for a call of one minute."""
    seconds = 0.0

    async def telling(_: Scope, __: Receive, send: Send) -> None:
        nonlocal seconds
        seconds = clamp_to_deadline(60)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    transport = httpx.ASGITransport(with_request_scope(telling))
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
        await client.get("/", headers=headers)
    return seconds


async def test_no_call_takes_longer_than_the_caller_waits() -> None:
    assert 0 < await seconds_for_a_call_of_a_minute({"X-Request-Timeout": "2.5"}) <= 2.5


async def test_no_call_is_made_for_a_caller_that_has_given_up() -> None:
    assert await seconds_for_a_call_of_a_minute({"x-request-timeout": "0"}) == 0


@pytest.mark.parametrize("seconds", ["soon", "", "-1", "nan", "inf", "1e9", "1_0", " ", "9" * 400, "2;3"])
async def test_an_invalid_timeout_is_ignored(seconds: str) -> None:
    assert await seconds_for_a_call_of_a_minute({"x-request-timeout": seconds}) == 60


async def test_the_deadline_of_a_request_does_not_apply_to_the_next() -> None:
    await seconds_for_a_call_of_a_minute({"x-request-timeout": "1"})
    assert await seconds_for_a_call_of_a_minute({}) == 60


SLOW_SERVICE = """
import asyncio, os, signal
from contextlib import asynccontextmanager
from boutique_runtime import http_serving
from boutique_runtime.settings import ServiceSettings

async def application(scope, receive, send):
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0.3)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"done"})

@asynccontextmanager
async def open_application(settings):
    yield application
    print('{"message": "closed"}', flush=True)

http_serving.run("slow", ServiceSettings, open_application)
"""


def test_a_request_in_progress_at_sigterm_is_completed_before_the_process_ends(tmp_path: Path) -> None:
    port = free_port()
    log = tmp_path / "log"
    environment = {**os.environ, "PORT": str(port)}
    with running(
        [sys.executable, "-c", SLOW_SERVICE],
        log=log,
        ready=lambda: "serving" in log.read_text(),
        environment=environment,
    ) as service:
        assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).text == "done"
        assert service.wait() == 0
    messages = [json.loads(line)["message"] for line in log.read_text().splitlines()]
    assert messages == ["serving", "draining", "closed", "stopped"]


def test_a_port_in_use_ends_the_start_with_one_line(tmp_path: Path) -> None:
    port = free_port()
    log = tmp_path / "log"
    environment = {**os.environ, "PORT": str(port)}
    command = [sys.executable, "-c", SLOW_SERVICE]
    with running(command, log=log, ready=lambda: "serving" in log.read_text(), environment=environment) as first:
        second = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        first.send_signal(signal.SIGINT)
        assert first.wait() == 0
    assert second.returncode == 1
    assert second.stderr == f"PORT: {port} is in use or not permitted\n"
