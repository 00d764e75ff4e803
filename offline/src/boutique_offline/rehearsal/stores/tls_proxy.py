"""TLS in front of servers without it: one proxy for each endpoint of a store, with a certificate for its host."""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from boutique_offline.node.certificates import KeyPair, create_certificate
from boutique_offline.rehearsal.stores.managed_stores import Endpoint

_HANDSHAKE_SECONDS: Final = 10
_CHUNK: Final = 65_536

# First messages of a Postgres client. Source: PostgreSQL documentation, "Message Formats".
_SSL_REQUEST: Final = 80877103
_GSS_REQUEST: Final = 80877104
_UNENCRYPTED: Final = b"SFATAL\0VFATAL\0C28000\0Mno encryption: this server accepts only TLS connections\0\0"

Target = Callable[[], int]
"""Returns the port on 127.0.0.1 that a new connection is forwarded to."""


@dataclass(frozen=True)
class CertificateIssuer:
    """Issues certificates for endpoints.

    Args:
        ca: The certificate authority.
        listen: The address at which endpoints are reached.
        directory: The directory for the certificates.
    """

    ca: KeyPair
    listen: str
    directory: Path

    async def issue(self, endpoint: Endpoint) -> ssl.SSLContext:
        """Returns a server context with a certificate for the endpoint's host and the address."""
        pair = KeyPair(self.directory / f"{endpoint.host}.crt", self.directory / f"{endpoint.host}.key")
        hosts = [f"DNS:{endpoint.host}", f"IP:{self.listen}"]
        await asyncio.to_thread(create_certificate, pair, self.ca, user="store", hosts=hosts)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pair.certificate, pair.key)
        return context


@dataclass
class TlsProxy:
    """Decrypts connections and forwards them.

    Args:
        context: The context with the certificate.
        target: The server that connections are forwarded to.
        negotiates_tls: Whether clients negotiate TLS in the protocol of Postgres before they encrypt.
    """

    context: ssl.SSLContext
    target: Target
    negotiates_tls: bool
    address: str = ""
    _server: asyncio.Server | None = None
    _connections: "set[asyncio.Task[None]]" = field(default_factory=set)

    async def start(self, host: str) -> None:
        """Starts to listen; `address` is then "host:port"."""
        context = None if self.negotiates_tls else self.context
        self._server = await asyncio.start_server(self._serve, host, 0, ssl=context)
        self.address = "{}:{}".format(*self._server.sockets[0].getsockname())

    async def close(self) -> None:
        """Stops listening and ends all connections."""
        if self._server:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        # A connection that fails must not affect the others.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            async with asyncio.timeout(_HANDSHAKE_SECONDS):
                encrypted = not self.negotiates_tls or await self._negotiate(reader, writer)
            if encrypted:
                await _forward(reader, writer, self.target())
        writer.close()

    async def _negotiate(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Switches to TLS; a client that does not ask for it gets an error, as from RDS with rds.force_ssl."""
        while (message := struct.unpack("!II", await reader.readexactly(8))) == (8, _GSS_REQUEST):
            writer.write(b"N")
        if message == (8, _SSL_REQUEST):
            writer.write(b"S")
            await writer.drain()
            await writer.start_tls(self.context)
            return True
        writer.write(b"E" + struct.pack("!I", len(_UNENCRYPTED) + 4) + _UNENCRYPTED)
        await writer.drain()
        return False


@dataclass
class TlsProxies:
    """The proxies of one store, by endpoint."""

    issuer: CertificateIssuer
    negotiate_tls: bool
    proxies: dict[Endpoint, TlsProxy] = field(default_factory=dict)

    async def set_targets(self, targets: Mapping[Endpoint, Target]) -> None:
        """Opens the proxies that are missing, and closes those of endpoints without a target."""
        for endpoint in self.proxies.keys() - targets.keys():
            await self.proxies.pop(endpoint).close()
        for endpoint in targets.keys() - self.proxies.keys():
            proxy = TlsProxy(await self.issuer.issue(endpoint), targets[endpoint], self.negotiate_tls)
            await proxy.start(self.issuer.listen)
            self.proxies[endpoint] = proxy

    async def close(self) -> None:
        """Closes all proxies."""
        await self.set_targets({})


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.TaskGroup() as directions:
            directions.create_task(_copy(reader, to_server))
            directions.create_task(_copy(from_server, writer))
    finally:
        to_server.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copies until the reader ends, then closes the writer."""
    try:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                writer.write(data)
                await writer.drain()
    finally:
        writer.close()
