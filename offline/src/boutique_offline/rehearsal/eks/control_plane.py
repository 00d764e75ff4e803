"""What EKS and its controllers do in the cluster all the while: Pod Identity, and the names of the managed stores."""

import asyncio
import contextlib
import json
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Final

from lightkube import ApiError, AsyncClient

from boutique_offline.node.certificates import KeyPair, create_certificate
from boutique_offline.rehearsal.eks import objects, pod_identity
from boutique_offline.rehearsal.eks.objects import Endpoint
from boutique_offline.rehearsal.eks.pod_identity import Hosts, PodIdentity

_LOOK_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 8.0
"""Less than the API server waits for its webhook."""
_SHOP: Final = "boutique"
_logger = logging.getLogger(__name__)


@dataclass
class StoreNames:
    """The addresses in the cluster of the managed stores. `expected` asks the account for the hosts of all it has."""

    expected: Callable[[], set[str]]
    addresses: Hosts = field(default_factory=dict)

    def wait(self) -> Hosts:
        """Of all that the account has. Raises TimeoutError where one is not reached in a few seconds."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while missing := self.expected() - self.addresses.keys():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not reached yet: {', '.join(sorted(missing))}")
            time.sleep(_LOOK_SECONDS)
        return self.addresses


@dataclass(frozen=True)
class Setting:
    """Where things are: the cluster's API, this machine as pods reach it, and the file in which stores are told."""

    api: AsyncClient
    machine: str
    stores: Path
    authority: KeyPair
    directory: Path


@contextlib.asynccontextmanager
async def running(setting: Setting, identity: PodIdentity, names: StoreNames) -> AsyncIterator[None]:
    """Raises ApiError where the cluster refuses what this puts there."""
    pair = KeyPair(setting.directory / "webhook.crt", setting.directory / "webhook.key")
    create_certificate(pair, setting.authority, user="pod-identity", hosts=[f"IP:{setting.machine}"])
    webhook = pod_identity.server(identity, (setting.machine, 0), pair)
    threading.Thread(target=webhook.serve_forever, daemon=True).start()
    try:
        port = webhook.server_address[1]
        await objects.install(setting.api, f"{setting.machine}:{port}", setting.authority.certificate)
        following = asyncio.create_task(_follow(setting, names))
        yield
        following.cancel()
    finally:
        webhook.shutdown()


async def _follow(setting: Setting, names: StoreNames) -> None:
    """Names the stores as they come, and lets pods reach this machine as soon as their namespace is there."""
    told = ""
    admitted = False
    while True:
        try:
            if not admitted:
                admitted = await _admit(setting)
            if setting.stores.exists() and (now := setting.stores.read_text()) != told:
                names.addresses = {
                    endpoint.host: await objects.publish(setting.api, endpoint) for endpoint in _endpoints(now)
                }
                told = now
        except Exception:  # the cluster may be gone for a while, and then comes back
            _logger.exception("the cluster does not take what EKS would do")
        await asyncio.sleep(_LOOK_SECONDS)


async def _admit(setting: Setting) -> bool:
    try:
        await objects.admit_pods(setting.api, _SHOP, setting.machine)
    except ApiError as error:
        if error.status.code == HTTPStatus.NOT_FOUND:
            return False
        raise
    return True


def _endpoints(told: str) -> list[Endpoint]:
    published = json.loads(told)
    return [Endpoint(host, store["port"], *_split(store["address"])) for host, store in sorted(published.items())]


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)
