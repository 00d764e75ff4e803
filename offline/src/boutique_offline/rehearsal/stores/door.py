"""TLS in front of a server that has none: a door to each store, which refuses whoever does not encrypt."""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import Awaitable, Callable
from typing import Self

_HANDSHAKE_SECONDS = 10
_CHUNK = 65_536

# What a client of Postgres may begin with. Source: PostgreSQL documentation, "Message Formats".
_SSL_REQUEST = 80877103
_GSS_REQUEST = 80877104
_UNENCRYPTED = b"SFATAL\0VFATAL\0C28000\0Mno encryption: this server takes connections with TLS alone\0\0"

Target = Callable[[], int]
"""The port of 127.0.0.1 that a new connection is led to."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Opening = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]
"""What comes before the bytes that are passed on; answers whether there are any."""


class Door:
    """Listens at `address`, "host:port", until it is closed."""

    def __init__(self, server: asyncio.Server, connections: "set[asyncio.Task[None]]") -> None:
        self._server = server
        self._connections = connections
        host, port = server.sockets[0].getsockname()[:2]
        self.address = f"{host}:{port}"

    @classmethod
    async def open_redis(cls, host: str, context: ssl.SSLContext, target: Target) -> Self:
        async def begin(*_: object) -> bool:
            return True

        return await cls._open(host, begin, target, context)

    @classmethod
    async def open_postgres(cls, host: str, context: ssl.SSLContext, target: Target) -> Self:
        """As RDS does with rds.force_ssl: encryption is agreed on first, and without it nobody is let in."""

        async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
            return await _agree_on_encryption(reader, writer, context)

        return await cls._open(host, begin, target, None)

    @classmethod
    async def _open(cls, host: str, begin: Opening, target: Target, context: ssl.SSLContext | None) -> Self:
        connections: set[asyncio.Task[None]] = set()

        async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if task := asyncio.current_task():
                connections.add(task)
                task.add_done_callback(connections.discard)
            # Whatever ends one connection is none of the others' business.
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                async with asyncio.timeout(_HANDSHAKE_SECONDS):
                    through = await begin(reader, writer)
                if through:
                    await _join((reader, writer), target())
            writer.close()

        return cls(await asyncio.start_server(lead, host, 0, ssl=context), connections)

    async def close(self) -> None:
        """Ends the connections as well."""
        self._server.close()
        for connection in tuple(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)


async def _agree_on_encryption(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext
) -> bool:
    while True:
        length, code = struct.unpack("!II", await reader.readexactly(8))
        if code == _GSS_REQUEST and length == 8:
            writer.write(b"N")
        elif code == _SSL_REQUEST and length == 8:
            writer.write(b"S")
            await writer.drain()
            await writer.start_tls(context)
            return True
        else:
            writer.write(b"E" + struct.pack("!I", len(_UNENCRYPTED) + 4) + _UNENCRYPTED)
            await writer.drain()
            return False


async def _join(client: Streams, port: int) -> None:
    server = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.TaskGroup() as ways:
            ways.create_task(_pass_on(client[0], server[1]))
            ways.create_task(_pass_on(server[0], client[1]))
    finally:
        server[1].close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one side ends; then the other is ended too."""
    try:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                writer.write(data)
                await writer.drain()
    finally:
        writer.close()
