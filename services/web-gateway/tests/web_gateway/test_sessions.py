"""How long sessions last, what identifies them, and what happens without the store."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from itsdangerous import TimestampSigner
from pydantic import SecretStr

from boutique_development_servers.processes import free_port
from boutique_development_servers.redis import RedisServer, start_redis
from boutique_web_gateway.sessions import create_signer

if TYPE_CHECKING:
    from boutique_web_gateway.settings import WebGatewaySettings

    from .conftest import ApiGateway, Visit

COOKIE = re.compile(r"session_id=([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{43}; (.*)")


def session_of(answer: httpx.Response) -> str:
    """Returns the session id in a response's cookie."""
    cookie = COOKIE.fullmatch(answer.headers["set-cookie"])
    assert cookie
    return cookie[1]


def seconds_left(server: RedisServer, session_id: str) -> int:
    return int(server.ask(f"TTL s:{session_id}").removeprefix(":"))


def cookie_of(settings: WebGatewaySettings, age_seconds: int, session_id: str = "a" * 22) -> dict[str, str]:
    """Returns the header with a cookie that the gateway signed some time ago."""
    signer = create_signer(settings.session_signing_key)
    return {"cookie": f"session_id={signed(signer, session_id, age_seconds)}"}


def signed(signer: TimestampSigner, session_id: str, age_seconds: int = 0) -> str:
    signer.get_timestamp = lambda: int(time.time()) - age_seconds  # type: ignore[method-assign]
    return signer.sign(session_id).decode()


# ---- One store ----


@pytest.mark.parametrize("path", ["/", "/api/v1/cart"])
async def test_a_new_visitor_gets_a_session_of_five_minutes(
    browser: httpx.AsyncClient, redis_server: RedisServer, path: str
) -> None:
    response = await browser.get(path)
    session = session_of(response)
    assert response.headers["set-cookie"].endswith("; Max-Age=300; Path=/; SameSite=lax")
    assert 295 <= seconds_left(redis_server, session) <= 300


async def test_two_visitors_get_two_sessions(browser: httpx.AsyncClient) -> None:
    first = session_of(await browser.get("/"))
    browser.cookies.clear()
    assert session_of(await browser.get("/")) != first


async def test_a_known_visitor_gets_no_new_cookie(browser: httpx.AsyncClient, redis_server: RedisServer) -> None:
    await browser.get("/")
    redis_server.ask("CONFIG RESETSTAT")
    for path in ("/cart", "/api/v1/cart"):
        assert "set-cookie" not in (await browser.get(path)).headers
    assert redis_server.calls_of("set") == 0


async def test_an_active_visitor_gets_another_five_minutes_with_the_same_cookie(
    browser: httpx.AsyncClient, redis_server: RedisServer
) -> None:
    session = session_of(await browser.get("/"))
    cookie = browser.cookies["session_id"]
    redis_server.ask(f"EXPIRE s:{session} 265")
    assert session_of(await browser.get("/api/v1/cart")) == session
    assert browser.cookies["session_id"] == cookie
    assert seconds_left(redis_server, session) > 295


async def test_a_session_that_is_not_used_for_five_minutes_ends(
    browser: httpx.AsyncClient, settings: WebGatewaySettings
) -> None:
    assert session_of(await browser.get("/", headers=cookie_of(settings, age_seconds=301))) != "a" * 22


async def test_a_session_in_use_outlives_its_first_five_minutes(
    browser: httpx.AsyncClient, settings: WebGatewaySettings, redis_server: RedisServer
) -> None:
    redis_server.ask(f"SET s:{'a' * 22} 1 EX 290")
    assert "set-cookie" not in (await browser.get("/", headers=cookie_of(settings, age_seconds=10_000))).headers


async def test_a_young_session_that_the_store_has_lost_continues(
    browser: httpx.AsyncClient, redis_server: RedisServer
) -> None:
    session = session_of(await browser.get("/"))
    redis_server.flush()
    assert session_of(await browser.get("/")) == session
    assert seconds_left(redis_server, session) > 295


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "a",
        "a" * 22,
        "a" * 22 + ".aaaaaa." + "a" * 43,
        "a" * 10_000,
        "..",
        "\xe4",
        "%0d%0a",
        '"quoted"',
        "a; session_id=b",
        "s:" + "a" * 22,
    ],
)
async def test_an_invalid_cookie_starts_a_new_session(
    browser: httpx.AsyncClient, api_gateway: ApiGateway, redis_server: RedisServer, cookie: str
) -> None:
    redis_server.ask(f"SET s:{'a' * 22} 1 EX 300")
    given = {"cookie": f"session_id={cookie}".encode("latin-1")}
    page = await browser.get("/", headers=given)  # type: ignore[arg-type]
    assert page.status_code == 200
    assert session_of(page) != "a" * 22
    call = await browser.get("/api/v1/cart", headers=given)  # type: ignore[arg-type]
    assert call.status_code == 201
    assert api_gateway.cookies == [f"session_id={call.cookies['session_id']}"]


async def test_a_cookie_signed_with_another_key_starts_a_new_session(
    browser: httpx.AsyncClient, redis_server: RedisServer
) -> None:
    redis_server.ask(f"SET s:{'a' * 22} 1 EX 300")
    forged = signed(create_signer(SecretStr("y" * 32)), "a" * 22)
    assert session_of(await browser.get("/", headers={"cookie": f"session_id={forged}"})) != "a" * 22


async def test_a_changed_cookie_starts_a_new_session(browser: httpx.AsyncClient) -> None:
    session = session_of(await browser.get("/"))
    cookie = browser.cookies["session_id"]
    browser.cookies.clear()
    swapped = ("b" if cookie[0] != "b" else "c") + cookie[1:]
    response = await browser.get("/", headers={"cookie": f"session_id={swapped}"})
    assert session_of(response) not in {session, swapped[:22]}


@pytest.mark.parametrize(("protocol", "is_secure"), [("https", True), ("https,http", True), ("http", False)])
async def test_the_cookie_is_secure_over_https(browser: httpx.AsyncClient, protocol: str, *, is_secure: bool) -> None:
    response = await browser.get("/", headers={"x-forwarded-proto": protocol})
    assert ("; Secure" in response.headers["set-cookie"]) is is_secure


async def test_scripts_may_read_the_cookie(browser: httpx.AsyncClient) -> None:
    assert "httponly" not in (await browser.get("/")).headers["set-cookie"].lower()


# ---- A primary and its replica ----


@pytest.fixture
def primary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with start_redis(tmp_path_factory.mktemp("primary")) as server:
        yield server


@pytest.fixture
def replica(primary: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with start_redis(tmp_path_factory.mktemp("replica")) as server:
        server.follow(primary)
        primary.wait_for_replica()
        yield server


def with_store(settings: WebGatewaySettings, addresses: dict[str, str]) -> WebGatewaySettings:
    """Returns the settings with a store at these addresses."""
    return settings.model_copy(update={"session_data": settings.session_data.model_copy(update=addresses)})


@pytest.fixture
async def visitor(
    visit: Visit, settings: WebGatewaySettings, primary: RedisServer, replica: RedisServer
) -> httpx.AsyncClient:
    """A browser that visits a gateway with a primary and a replica."""
    addresses = {"addr": primary.address, "replica_addr": replica.address}
    return await visit(with_store(settings, addresses))


async def test_a_known_visitor_costs_one_read_of_the_replica_and_no_call_of_the_primary(
    visitor: httpx.AsyncClient, primary: RedisServer, replica: RedisServer
) -> None:
    await visitor.get("/")
    primary.wait_for_replica()
    for server in (primary, replica):
        server.ask("CONFIG RESETSTAT")
    assert "set-cookie" not in (await visitor.get("/api/v1/cart")).headers
    assert (replica.calls_of("pttl"), primary.calls_of("pttl"), primary.calls_of("set")) == (1, 0, 0)


async def test_a_session_that_is_not_on_the_replica_yet_is_known(
    visitor: httpx.AsyncClient, primary: RedisServer, replica: RedisServer
) -> None:
    replica.fall_behind()
    session = session_of(await visitor.get("/"))
    assert replica.ask(f"EXISTS s:{session}") == ":0"
    primary.ask("CONFIG RESETSTAT")
    assert "set-cookie" not in (await visitor.get("/api/v1/cart")).headers
    assert primary.calls_of("pttl") == 1


async def test_sessions_continue_while_the_primary_is_unavailable(
    visitor: httpx.AsyncClient, primary: RedisServer, replica: RedisServer, api_gateway: ApiGateway
) -> None:
    session = session_of(await visitor.get("/"))
    primary.wait_for_replica()
    primary.process.kill()
    primary.process.wait()
    assert (await visitor.get("/api/v1/cart")).status_code == 201
    replica.ask("REPLICAOF NO ONE")
    replica.ask(f"EXPIRE s:{session} 200")
    assert session_of(await visitor.get("/")) == session
    assert api_gateway.cookies == [f"session_id={visitor.cookies['session_id']}"]


async def test_sessions_continue_while_the_replica_is_unavailable_or_hangs(
    visitor: httpx.AsyncClient, replica: RedisServer
) -> None:
    session_of(await visitor.get("/"))
    with stopped(replica):
        assert "set-cookie" not in (await visitor.get("/")).headers
    replica.stop()
    assert "set-cookie" not in (await visitor.get("/")).headers


@contextmanager
def stopped(server: RedisServer) -> Iterator[None]:
    """Stops the server's process, which then accepts connections but never responds."""
    server.process.send_signal(signal.SIGSTOP)
    yield
    server.process.send_signal(signal.SIGCONT)


# ---- No store ----


@pytest.fixture
async def without_store(visit: Visit, settings: WebGatewaySettings) -> httpx.AsyncClient:
    """A browser that visits a gateway whose primary and replica are unreachable."""
    unreachable = {"addr": f"127.0.0.1:{free_port()}", "replica_addr": f"127.0.0.1:{free_port()}"}
    return await visit(with_store(settings, unreachable))


async def test_a_new_visitor_is_served_and_known_without_the_store(
    without_store: httpx.AsyncClient, api_gateway: ApiGateway
) -> None:
    page = await without_store.get("/")
    assert page.status_code == 200
    session = session_of(page)
    call = await without_store.get("/api/v1/cart")
    assert (call.status_code, session_of(call)) == (201, session)
    assert api_gateway.cookies == [f"session_id={without_store.cookies['session_id']}"]


async def test_a_valid_cookie_keeps_its_session_without_the_store(
    without_store: httpx.AsyncClient, settings: WebGatewaySettings
) -> None:
    given = cookie_of(settings, age_seconds=10_000)
    assert session_of(await without_store.get("/", headers=given)) == "a" * 22


async def test_a_forged_cookie_is_refused_without_the_store_too(without_store: httpx.AsyncClient) -> None:
    forged = signed(create_signer(SecretStr("y" * 32)), "a" * 22)
    response = await without_store.get("/", headers={"cookie": f"session_id={forged}"})
    assert (response.status_code, session_of(response) == "a" * 22) == (200, False)


async def test_a_session_started_without_the_store_is_stored_once_it_is_back(
    visit: Visit, settings: WebGatewaySettings, without_store: httpx.AsyncClient, redis_server: RedisServer
) -> None:
    session = session_of(await without_store.get("/"))
    browser = await visit(settings)
    browser.cookies = without_store.cookies
    assert session_of(await browser.get("/")) == session
    assert seconds_left(redis_server, session) > 295


async def test_session_ids_are_not_logged(
    without_store: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, settings: WebGatewaySettings
) -> None:
    session = session_of(await without_store.get("/"))
    await without_store.get("/api/v1/nope/..")
    assert "a session was not stored" in caplog.text
    logged = str([record.__dict__ for record in caplog.records if record.name.startswith("boutique")])
    assert session not in logged
    assert settings.session_signing_key.get_secret_value() not in logged
