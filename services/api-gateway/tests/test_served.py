"""The gateway as a process, over a raw socket."""

import asyncio
import os
import re
import subprocess
import sys

import httpx

from boutique_testing.fake_services import FakeServices

COMMAND = [sys.executable, "-m", "boutique_api_gateway"]


async def exchange(port: int, request: bytes) -> tuple[int, bytes]:
    """Sends bytes on one connection, and returns status and body of the response once it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    found = re.match(rb"HTTP/1\.1 ([0-9]{3}) ", head)
    assert found
    return int(found[1]), body


async def test_the_process_reaches_the_services(port: int, backends: FakeServices) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        found = await client.get("/api/v1/product/search?query=mug")
        picture = await client.get("/api/v1/content/mug.svg")
    assert found.json()["meta"] == {"page": {"total_results": 1}}
    assert picture.text.startswith("<svg")


async def test_head_returns_no_body(port: int) -> None:
    for path in ("/healthz", "/api/v1/product/documents", "/api/v1/content/mug.svg"):
        request = f"HEAD {path} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n"
        assert await exchange(port, request.encode()) == (200, b"")


async def test_paths_are_not_normalized(port: int) -> None:
    for file in ("a/../mug.svg", "../content/mug.svg", "./mug.svg", "/mug.svg", "..;/mug.svg"):
        request = f"GET /api/v1/content/{file} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n"
        status, body = await exchange(port, request.encode())
        assert status in {400, 404}
        assert body.startswith(b'{"message":"failure"')


async def test_an_endless_chunked_body_is_cut_off(port: int) -> None:
    head = b"POST /api/v1/cart HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n"
    chunks = b"".join(b"1000\r\n" + b" " * 0x1000 + b"\r\n" for _ in range(17))
    status, body = await exchange(port, head + b"transfer-encoding: chunked\r\n\r\n" + chunks)
    assert (status, b"at most 65536 bytes" in body) == (413, True)


def test_starting_without_addresses_names_the_missing_variables() -> None:
    ended = subprocess.run(COMMAND, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)
    assert ended.returncode == os.EX_CONFIG
    assert "CONTENT_ADDR: Field required" in ended.stderr
