"""The doors of a store: one for each endpoint that its clients are told."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from boutique_offline.node.certificates import KeyPair, create_certificate
from boutique_offline.rehearsal.stores.account import Endpoint
from boutique_offline.rehearsal.stores.door import Door, Target

Open = Callable[[str, ssl.SSLContext, Target], Awaitable[Door]]


@dataclass(frozen=True)
class Certifier:
    """Vouches for endpoints that are reached at the address `listen`; its files are kept in the directory."""

    authority: KeyPair
    listen: str
    directory: Path

    async def certify(self, endpoint: Endpoint) -> ssl.SSLContext:
        """Of a certificate for the endpoint's host, and for the address."""
        pair = KeyPair(self.directory / f"{endpoint.host}.crt", self.directory / f"{endpoint.host}.key")
        hosts = [f"DNS:{endpoint.host}", f"IP:{self.listen}"]
        await asyncio.to_thread(create_certificate, pair, self.authority, user="store", hosts=hosts)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pair.certificate, pair.key)
        return context


@dataclass
class Doors:
    """All of one kind, which `open_door` opens."""

    certifier: Certifier
    open_door: Open
    doors: dict[Endpoint, Door] = field(default_factory=dict)

    async def follow(self, targets: Mapping[Endpoint, Target]) -> None:
        """Has a door for each endpoint, and no other."""
        for endpoint in self.doors.keys() - targets.keys():
            await self.doors.pop(endpoint).close()
        for endpoint in targets.keys() - self.doors.keys():
            context = await self.certifier.certify(endpoint)
            self.doors[endpoint] = await self.open_door(self.certifier.listen, context, targets[endpoint])

    async def close(self) -> None:
        await self.follow({})
