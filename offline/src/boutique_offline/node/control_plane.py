"""An API server with etcd and nothing else, to test clients with.

It needs no root and runs on free ports of the loopback address until the block ends. There is no controller: no object
becomes ready by itself, and a deleted namespace stays.
"""

import contextlib
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network
from pathlib import Path
from typing import Final

from boutique_offline.node import components
from boutique_offline.node.api import Api
from boutique_offline.node.components import ApiServerAddress, EtcdPorts
from boutique_offline.node.pki import Pki
from dev.waiting import wait_until

_HOST: Final = "127.0.0.1"
_SERVICES: Final = IPv4Network("10.96.0.0/16")
_READY_TIMEOUT: Final = 60.0


@contextlib.contextmanager
def control_plane(directory: Path, programs: Path) -> Iterator[Path]:
    """Runs etcd and kube-apiserver from `programs`, with all their files in `directory`.

    Yields the path of an administrator's kubeconfig.

    Raises:
        ActionableError: The API server does not become ready.
    """
    pki = Pki(directory / "pki")
    pki.create(node="none", api_server_hosts=[], node_hosts=[])
    api_port, *etcd_ports = _free_ports(3)
    address, ports = ApiServerAddress(_HOST, api_port), EtcdPorts(*etcd_ports)
    config = directory / "kubeconfig"
    config.touch(mode=0o600)
    config.write_text(components.kubeconfig(pki, "admin", address))
    api_server = [
        *components.api_server(programs, pki, address, ports, _SERVICES),
        # Nothing reaches the API through a Service, and no controller creates the accounts that pods run as.
        "--endpoint-reconciler-type=none",
        "--disable-admission-plugins=ServiceAccount",
    ]
    with (
        _running(components.etcd(programs, pki, directory / "etcd", ports), directory / "etcd.log"),
        _running(api_server, directory / "kube-apiserver.log"),
    ):
        ready = Api(address, pki, "admin").ready
        wait_until(ready, _READY_TIMEOUT, f"The API server did not become ready; its logs are in {directory}")
        yield config


@contextlib.contextmanager
def _running(command: Sequence[str], log: Path) -> Iterator[None]:
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGKILL)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server((_HOST, 0))) for _ in range(count)]
        return [listening.getsockname()[1] for listening in sockets]
