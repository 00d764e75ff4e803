"""Does what EKS' controllers do in a cluster: runs Pod Identity's webhook, and makes the managed stores reachable."""

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

_POLL_SECONDS: Final = 0.5
_NAMESPACE: Final = "boutique"
_logger = logging.getLogger(__name__)


@dataclass
class StoreNames:
    """The addresses of the managed stores in the cluster.

    Args:
        expected: Returns the hosts of all stores in the account.
        addresses: The addresses that are known, by host.
        timeout: Seconds to wait for addresses. Less than the API server waits for its webhook.
    """

    expected: Callable[[], set[str]]
    addresses: Hosts = field(default_factory=dict)
    timeout: float = 8.0

    def wait(self) -> Hosts:
        """Returns the addresses of all stores in the account. Raises TimeoutError if one stays unknown."""
        deadline = time.monotonic() + self.timeout
        while missing := self.expected() - self.addresses.keys():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not reachable yet: {', '.join(sorted(missing))}")
            time.sleep(_POLL_SECONDS)
        return self.addresses


@dataclass(frozen=True)
class ControllerArgs:
    """The environment of the controller.

    Args:
        api: Client of the cluster.
        machine: The address at which pods reach this machine.
        stores: The file with the addresses of the stores.
        ca: The certificate authority of the webhook.
        directory: The directory for the webhook's certificate.
    """

    api: AsyncClient
    machine: str
    stores: Path
    ca: KeyPair
    directory: Path


@contextlib.asynccontextmanager
async def running_controller(args: ControllerArgs, identity: PodIdentity, names: StoreNames) -> AsyncIterator[None]:
    """Runs the webhook and the controller for the block. Raises ApiError if the cluster rejects an object."""
    pair = KeyPair(args.directory / "webhook.crt", args.directory / "webhook.key")
    create_certificate(pair, args.ca, user="pod-identity", hosts=[f"IP:{args.machine}"])
    webhook = pod_identity.server(identity, (args.machine, 0), pair)
    threading.Thread(target=webhook.serve_forever, daemon=True).start()
    try:
        await objects.install(args.api, f"{args.machine}:{webhook.server_address[1]}", args.ca.certificate)
        controller = asyncio.create_task(_run(args, names))
        yield
        controller.cancel()
    finally:
        webhook.shutdown()


async def _run(args: ControllerArgs, names: StoreNames) -> None:
    """Publishes the stores when they change, and lets pods reach this machine once their namespace exists."""
    published = ""
    allowed = False
    while True:
        try:
            allowed = allowed or await _allow_egress(args)
            if args.stores.exists() and (stores := args.stores.read_text()) != published:
                names.addresses = {
                    endpoint.host: await objects.publish(args.api, endpoint) for endpoint in _endpoints(stores)
                }
                published = stores
        except Exception:  # the cluster may be unavailable for a while
            _logger.exception("Cannot update the cluster")
        await asyncio.sleep(_POLL_SECONDS)


async def _allow_egress(args: ControllerArgs) -> bool:
    """Returns whether the namespace exists and its pods may reach this machine."""
    try:
        await objects.allow_egress(args.api, _NAMESPACE, args.machine)
    except ApiError as error:
        if error.status.code == HTTPStatus.NOT_FOUND:
            return False
        raise
    return True


def _endpoints(stores: str) -> list[Endpoint]:
    endpoints = []
    for host, store in sorted(json.loads(stores).items()):
        target, _, port = store["address"].rpartition(":")
        endpoints.append(Endpoint(host, store["port"], target, int(port)))
    return endpoints
