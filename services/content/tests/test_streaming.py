"""Big pictures, which are streamed."""

import asyncio
import logging

import httpx
import pytest

from boutique_development_servers.s3 import S3
from boutique_runtime.http_serving import Application, Message, Scope

# More than the buffers of the connections on the way hold.
BIG = bytes(range(256)) * 256 * 1024


def request(path: str, method: str = "GET") -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "server": ("content.test", 80),
        "client": ("127.0.0.1", 1),
    }


class Caller:
    """Reads a response, or disconnects after its first chunk."""

    def __init__(self, s3: S3, *, leaves: bool = False) -> None:
        self.content = bytearray()
        self.is_complete = False
        self.largest_piece = 0
        self.sent_at_first_piece: int | None = None
        self._s3 = s3
        self._leaves = leaves
        self._leaving = asyncio.Event()

    async def receive(self) -> Message:
        await self._leaving.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] != "http.response.body":
            return
        if self.sent_at_first_piece is None:
            self.sent_at_first_piece = self._s3.sent
            if self._leaves:
                self._leaving.set()
                await asyncio.Event().wait()
        self.content += message["body"]
        self.largest_piece = max(self.largest_piece, len(message["body"]))
        self.is_complete = not message.get("more_body", False)


async def test_a_big_picture_is_streamed_as_fast_as_it_is_consumed(application: Application, s3: S3) -> None:
    s3.put("big.png", BIG, "image/png")
    caller = Caller(s3)
    await application(request("/big.png"), caller.receive, caller.send)
    assert caller.is_complete
    assert caller.content == BIG
    assert caller.largest_piece <= 64 * 1024
    assert caller.sent_at_first_piece is not None
    assert caller.sent_at_first_piece < len(BIG) / 2


async def test_a_caller_that_disconnects_ends_the_transfer(application: Application, s3: S3) -> None:
    s3.put("big.png", BIG, "image/png")
    caller = Caller(s3, leaves=True)
    await application(request("/big.png"), caller.receive, caller.send)
    assert await asyncio.to_thread(s3.broken_off.wait, 10)


async def test_head_does_not_transfer_a_big_picture(client: httpx.AsyncClient, s3: S3) -> None:
    s3.put("big.png", BIG, "image/png")
    response = await client.head("/big.png")
    assert response.headers["content-length"] == str(len(BIG))
    assert await asyncio.to_thread(s3.broken_off.wait, 10)


async def test_a_transfer_that_breaks_off_leaves_the_response_incomplete(
    application: Application, s3: S3, caplog: pytest.LogCaptureFixture
) -> None:
    s3.put("big.png", BIG, "image/png")
    s3.breaks_off_after = len(BIG) // 2
    caller = Caller(s3)
    await application(request("/big.png"), caller.receive, caller.send)
    assert not caller.is_complete
    assert caller.content == BIG[: len(BIG) // 2]
    (logged,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert (logged.getMessage(), logged.exc_info) == ("the transfer broke off", None)
