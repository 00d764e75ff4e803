"""The emulated account as `boutique rehearse` and `boutique preview` use it."""

import asyncio
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from boutique_offline.rehearsal import servers
from boutique_offline.rehearsal.eks import objects
from boutique_offline.rehearsal.inventory import take_inventory
from boutique_offline.rehearsal.servers import Servers
from boutique_offline.rehearsal.stores import data
from dev.clusters import NODE_PORTS
from dev.clusters.client import connect_async
from dev.emulation import AccountSpecification
from dev.errors import ActionableError
from dev.progress import Progress


@dataclass(frozen=True)
class RehearsalAccount:
    """Implements dev.emulation.EmulatedAccount with the servers of this package."""

    directory: Path

    def start(self, specification: AccountSpecification, progress: Progress) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        started = servers.start(self.directory, specification, progress)
        self._baseline.write_text(json.dumps(take_inventory(started, specification.region)))

    def is_running(self) -> bool:
        return servers.running(self.directory) is not None

    def was_started(self) -> bool:
        return self._baseline.exists()

    def variables(self) -> Mapping[str, str]:
        return self._servers().variables()

    def new_resources(self) -> list[str]:
        before = json.loads(self._baseline.read_text())
        now = take_inventory(self._servers(), servers.read_specification(self.directory).region)
        return [entry for entry in now if entry not in before]

    def open_services(self, namespace: str) -> list[str]:
        access = servers.read_specification(self.directory).cluster
        if access is None:
            raise ActionableError("This account was started without a cluster, so no service runs.")

        async def open_targets() -> list[int]:
            async with connect_async(Path(access.kubeconfig), objects.MANAGER) as api:
                return await objects.open_targets(api, namespace, iter(NODE_PORTS))

        return [f"http://localhost:{port}" for port in asyncio.run(open_targets())]

    def delete_namespace(self, kubeconfig: Path, namespace: str) -> None:
        async def delete() -> None:
            async with connect_async(kubeconfig, objects.MANAGER) as api:
                await objects.delete_namespace(api, namespace)

        asyncio.run(delete())

    def stop(self) -> None:
        servers.stop(self.directory)
        data.remove(self.directory / "stores")
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def _baseline(self) -> Path:
        return self.directory / "baseline.json"

    def _servers(self) -> Servers:
        if running := servers.running(self.directory):
            return running
        raise ActionableError(
            "The rehearsal's servers have ended: `boutique rehearse` starts new ones, `boutique down` removes the rest."
        )
