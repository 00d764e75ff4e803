"""Runs the servers of a rehearsal as child processes, and does in this process what EKS does in the cluster."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

import httpx

from boutique_development_servers.processes import free_port
from boutique_offline.node.certificates import KeyPair, create_authority
from boutique_offline.rehearsal.account.serving import HEALTH as ACCOUNT_HEALTH
from boutique_offline.rehearsal.cloudflare.serving import HEALTH as CLOUDFLARE_HEALTH
from boutique_offline.rehearsal.eks import objects
from boutique_offline.rehearsal.eks.controller import ControllerArgs, StoreNames, running_controller
from boutique_offline.rehearsal.eks.pod_identity import PodIdentity
from boutique_offline.rehearsal.servers import Servers, read_specification
from boutique_offline.rehearsal.stores.managed_stores import ManagedStores
from dev.clusters.client import connect_async
from dev.emulation import AccountSpecification, ClusterAccess
from dev.errors import ActionableError
from dev.virtual_environment import ROOT

_CLOUDFLARE_ACCOUNT: Final = "9a7806061c88ada191ed06f989cc3dac"
_START_SECONDS: Final = 45.0
_POLL_SECONDS: Final = 0.5
_STOP_SECONDS: Final = 20.0

Processes = Sequence["subprocess.Popen[bytes]"]


async def serve(directory: Path) -> None:
    """Serves the account specified in the directory until a signal or until one of the servers ends.

    Writes the servers' addresses to the directory once they respond.
    """
    stopping = asyncio.Event()
    for kind in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(kind, stopping.set)
    specification = read_specification(directory)
    servers = Servers(
        aws=f"http://127.0.0.1:{free_port()}",
        cloudflare=f"http://127.0.0.1:{free_port()}",
        cloudflare_token=secrets.token_hex(20),
        group=os.getpgid(0),
    )
    os.environ.update(servers.variables())
    with ExitStack() as stack:
        processes = [stack.enter_context(_process(command)) for command in _account_commands(specification, servers)]
        await _wait_for(f"{servers.aws}{ACCOUNT_HEALTH}", processes)
        await _wait_for(f"{servers.cloudflare}{CLOUDFLARE_HEALTH}", processes)
        if specification.cluster is None:
            servers.write(directory)
            await _until(stopping, processes)
            return
        ca = _ca(directory)
        stores = _stores_command(directory, specification, specification.cluster, ca)
        processes.append(stack.enter_context(_process(stores)))
        async with _eks(directory, specification, specification.cluster, ca, servers):
            servers.write(directory)
            await _until(stopping, processes)


async def _until(stopping: asyncio.Event, processes: Processes) -> None:
    while not stopping.is_set() and all(process.poll() is None for process in processes):
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _POLL_SECONDS)


def _account_commands(specification: AccountSpecification, servers: Servers) -> Iterator[list[str]]:
    account = ["boutique_offline.rehearsal.account", "--port", _port(servers.aws)]
    account += ["--account", specification.account, "--region", specification.region]
    yield [*account, *(["--address", specification.cluster.machine] if specification.cluster else [])]
    zone = f"{specification.domain}={specification.zone_id}={_CLOUDFLARE_ACCOUNT}"
    yield ["boutique_offline.rehearsal.cloudflare", "--port", _port(servers.cloudflare), "--zone", zone]


def _stores_command(
    directory: Path, specification: AccountSpecification, cluster: ClusterAccess, ca: KeyPair
) -> list[str]:
    command = ["boutique_offline.rehearsal.stores", "--state", str(directory / "stores"), "--listen", cluster.machine]
    certificates = ["--ca", str(ca.certificate), str(ca.key)]
    return [*command, "--region", specification.region, *certificates]


@asynccontextmanager
async def _eks(
    directory: Path, specification: AccountSpecification, cluster: ClusterAccess, ca: KeyPair, servers: Servers
) -> AsyncIterator[None]:
    account = ManagedStores(specification.region)
    names = StoreNames(lambda: {each.host for store in account.describe().values() for each in store.endpoints})
    identity = PodIdentity(
        endpoint=servers.aws,
        pod_endpoint=f"http://{cluster.machine}:{_port(servers.aws)}",
        region=specification.region,
        ca_certificate=ca.certificate,
        hosts=names.wait,
    )
    async with connect_async(Path(cluster.kubeconfig), objects.MANAGER) as api:
        args = ControllerArgs(api, cluster.machine, directory / "stores" / "stores.json", ca, directory)
        async with running_controller(args, identity, names):
            yield


def _ca(directory: Path) -> KeyPair:
    """Returns the certificate authority of the stores and the webhook, which the rehearsal keeps."""
    pair = KeyPair(directory / "ca.crt", directory / "ca.key")
    if not pair.certificate.exists():
        create_authority(pair)
    return pair


@contextmanager
def _process(command: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs a module in a child process, which is stopped at the end of the block."""
    process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


async def _wait_for(url: str, processes: Processes) -> None:
    deadline = time.monotonic() + _START_SECONDS
    async with httpx.AsyncClient(trust_env=False) as client:
        while time.monotonic() < deadline and all(process.poll() is None for process in processes):
            with suppress(httpx.TransportError):
                if (await client.get(url)).is_success:
                    return
            await asyncio.sleep(_POLL_SECONDS / 5)
    raise ActionableError(f"{url} does not respond")


def _port(url: str) -> str:
    return url.rpartition(":")[2]
