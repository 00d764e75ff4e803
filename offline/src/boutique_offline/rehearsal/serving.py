"""The process that keeps a rehearsal's servers: each a process of its own, and the part of EKS within this one."""

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

import httpx

from boutique_offline.node.certificates import KeyPair, create_authority
from boutique_offline.plugins.kubernetes import kubeconfig
from boutique_offline.plugins.kubernetes.api import Api
from boutique_offline.rehearsal.account.serving import HEALTH as ACCOUNT_HEALTH
from boutique_offline.rehearsal.cloudflare.serving import HEALTH as CLOUDFLARE_HEALTH
from boutique_offline.rehearsal.eks import control_plane
from boutique_offline.rehearsal.eks.control_plane import Setting, StoreNames
from boutique_offline.rehearsal.eks.pod_identity import PodIdentity
from boutique_offline.rehearsal.servers import Servers, Specification
from boutique_offline.rehearsal.stores.managed_stores import Description, ManagedStores, PostgresDescription
from dev.emulation import ClusterAccess
from dev.errors import ActionableError
from dev.virtual_environment import ROOT

_LOOPBACK: Final = "127.0.0.1"
_ANSWER_SECONDS: Final = 45.0
_LOOK_SECONDS: Final = 0.5
_END_SECONDS: Final = 20.0

Processes = Sequence["subprocess.Popen[bytes]"]


async def serve(directory: Path) -> None:
    """Serves what is specified in the directory, until it is told to end or one of the servers ends.

    Says there where they answer, once they do.
    """
    ending = asyncio.Event()
    for kind in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(kind, ending.set)
    specification = Specification.read(directory)
    servers = Servers(
        aws=f"http://{_LOOPBACK}:{_free_port()}",
        cloudflare=f"http://{_LOOPBACK}:{_free_port()}",
        cloudflare_token=secrets.token_hex(20),
        group=os.getpgid(0),
    )
    os.environ.update(servers.variables())
    with ExitStack() as stack:
        processes = [stack.enter_context(_process(command)) for command in _clouds(specification, servers)]
        await _answers(f"{servers.aws}{ACCOUNT_HEALTH}", processes)
        await _answers(f"{servers.cloudflare}{CLOUDFLARE_HEALTH}", processes)
        if specification.cluster is None:
            servers.write(directory)
            await _until(ending, processes)
            return
        authority = _authority(directory)
        stores = _stores(directory, specification, specification.cluster, authority)
        processes.append(stack.enter_context(_process(stores)))
        async with _eks(directory, specification, specification.cluster, authority, servers):
            servers.write(directory)
            await _until(ending, processes)


async def _until(ending: asyncio.Event, processes: Processes) -> None:
    while not ending.is_set() and all(process.poll() is None for process in processes):
        with suppress(TimeoutError):
            await asyncio.wait_for(ending.wait(), _LOOK_SECONDS)


def _clouds(specification: Specification, servers: Servers) -> Iterator[list[str]]:
    account = ["boutique_offline.rehearsal.account", "--port", _port(servers.aws)]
    account += ["--account", specification.account, "--region", specification.region]
    yield [*account, *(["--address", specification.cluster.machine] if specification.cluster else [])]
    zones = [argument for zone in specification.zones for argument in ("--zone", zone)]
    yield ["boutique_offline.rehearsal.cloudflare", "--port", _port(servers.cloudflare), *zones]


def _stores(directory: Path, specification: Specification, cluster: ClusterAccess, authority: KeyPair) -> list[str]:
    command = ["boutique_offline.rehearsal.stores", "--state", str(directory / "stores"), "--listen", cluster.machine]
    certificates = ["--ca", str(authority.certificate), str(authority.key)]
    return [*command, "--region", specification.region, *certificates]


@asynccontextmanager
async def _eks(
    directory: Path, specification: Specification, cluster: ClusterAccess, authority: KeyPair, servers: Servers
) -> AsyncIterator[None]:
    account = ManagedStores(specification.region)
    names = StoreNames(lambda: {host for store in account.describe().values() for host in _hosts(store)})
    identity = PodIdentity(
        endpoint=servers.aws,
        pod_endpoint=f"http://{cluster.machine}:{_port(servers.aws)}",
        region=specification.region,
        ca_certificate=authority.certificate,
        hosts=names.wait,
    )
    async with Api(kubeconfig.load(cluster.kubeconfig, None)) as api:
        setting = Setting(api, cluster.machine, directory / "stores" / "stores.json", authority, directory)
        async with control_plane.running(setting, identity, names):
            yield


def _hosts(store: Description) -> set[str]:
    if isinstance(store, PostgresDescription):
        return {store.primary.host, *(replica.host for replica in store.replicas.values())}
    return {store.primary.host, *([store.readers.host] if store.readers else [])}


def _authority(directory: Path) -> KeyPair:
    """What vouches for the stores and the webhook, as long as the rehearsal stands."""
    pair = KeyPair(directory / "authority.crt", directory / "authority.key")
    if not pair.certificate.exists():
        create_authority(pair)
    return pair


@contextmanager
def _process(command: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A module of this package in a process of its own, of the same group; ended with this one."""
    process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


async def _answers(url: str, processes: Processes) -> None:
    deadline = time.monotonic() + _ANSWER_SECONDS
    async with httpx.AsyncClient(trust_env=False) as client:
        while time.monotonic() < deadline and all(process.poll() is None for process in processes):
            with suppress(httpx.TransportError):
                if (await client.get(url)).is_success:
                    return
            await asyncio.sleep(_LOOK_SECONDS / 5)
    raise ActionableError(f"{url} does not answer")


def _port(url: str) -> str:
    return url.rpartition(":")[2]


def _free_port() -> int:
    with socket.create_server((_LOOPBACK, 0)) as listening:
        port: int = listening.getsockname()[1]
    return port
