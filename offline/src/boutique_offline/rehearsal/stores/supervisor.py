"""Keeps the stores in the state that the account describes, and publishes the address of each."""

import asyncio
import contextlib
import json
import logging
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from redis.exceptions import RedisError

from boutique_development_servers.postgres import programs_from_wheel
from boutique_offline.rehearsal.stores.data import data_directory
from boutique_offline.rehearsal.stores.managed_stores import Description, ManagedStores, PostgresDescription
from boutique_offline.rehearsal.stores.postgres import PostgresStore, create_directory
from boutique_offline.rehearsal.stores.processes import StoreError
from boutique_offline.rehearsal.stores.redis import RedisStore
from boutique_offline.rehearsal.stores.tls_proxy import CertificateIssuer, TlsProxies

_log = logging.getLogger(__name__)

Store = PostgresStore | RedisStore


@dataclass
class Supervisor:
    """Starts, changes and stops stores.

    Args:
        state: Directory of stores.json, which has by host the port that clients use, and the proxy's "host:port".
        account: The source of the descriptions.
        issuer: The issuer of the stores' certificates.
        data: Directory of the stores' data.
        programs: Directory of Postgres' programs.
    """

    state: Path
    account: ManagedStores
    issuer: CertificateIssuer
    data: Path
    programs: Path
    stores: dict[str, Store] = field(default_factory=dict)
    published: str = ""

    async def run(self, stopping: asyncio.Event, interval: float = 1) -> None:
        """Reconciles every `interval` seconds until `stopping` is set. Failures are logged and tried again."""
        while not stopping.is_set():
            await self.reconcile()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), interval)

    async def reconcile(self) -> None:
        """Brings the stores in line with their present descriptions."""
        try:
            described = await asyncio.to_thread(self.account.describe)
        except (BotoCoreError, ClientError) as error:
            _log.warning("The account does not respond: %s", error)
            return
        # The directories include those of stores from an earlier run.
        for path in [path for path in self._directory("").iterdir() if path.name not in described]:
            _log.info("Removing %s", path.name)
            if store := self.stores.pop(path.name, None):
                await store.close()
            shutil.rmtree(path)
        await asyncio.gather(*map(self._apply, described.values()))
        self._publish()

    async def _apply(self, description: Description) -> None:
        store = self.stores.get(description.name)
        if store is None:
            _log.info("Starting %s", description.name)
            store = self.stores[description.name] = self._create(description)
        try:
            # A store is created for the type of its description.
            await store.apply(description)  # type: ignore[arg-type]
        except (StoreError, RedisError, OSError):
            _log.exception("Cannot bring %s in line with its description", description.name)

    def _create(self, description: Description) -> Store:
        directory, is_postgres = self._directory(description.name), isinstance(description, PostgresDescription)
        proxies = TlsProxies(self.issuer, negotiate_tls=is_postgres)
        return PostgresStore(directory, self.programs, proxies) if is_postgres else RedisStore(directory, proxies)

    def _directory(self, name: str) -> Path:
        directory = self.data / "stores" / name
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def _publish(self) -> None:
        addresses = {
            endpoint.host: {"port": endpoint.port, "address": proxy.address}
            for store in self.stores.values()
            for endpoint, proxy in store.proxies.proxies.items()
        }
        text = json.dumps(addresses, indent=2, sort_keys=True)
        if text != self.published:
            unfinished = self.state / "stores.unfinished"
            unfinished.write_text(text)
            unfinished.rename(self.state / "stores.json")
            self.published = text


@contextlib.asynccontextmanager
async def open_supervisor(state: Path, account: ManagedStores, issuer: CertificateIssuer) -> AsyncIterator[Supervisor]:
    """Yields a supervisor and stops its stores afterwards. Their data stays until `data.remove`."""
    data = data_directory(state)
    create_directory(data)
    programs = data / "programs"
    shutil.rmtree(programs, ignore_errors=True)
    programs.mkdir()
    supervisor = Supervisor(state, account, issuer, data, await asyncio.to_thread(programs_from_wheel, programs))
    try:
        yield supervisor
    finally:
        await asyncio.gather(*(store.close() for store in supervisor.stores.values()))
