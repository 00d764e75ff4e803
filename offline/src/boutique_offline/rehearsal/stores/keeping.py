"""Keeps the stores as the account says they are, and tells where each is reached."""

import asyncio
import contextlib
import json
import logging
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from redis.exceptions import RedisError

from boutique_development_servers.postgres import programs_from_wheel, server_user
from boutique_offline.rehearsal.stores.account import Account, Description, PostgresDescription
from boutique_offline.rehearsal.stores.data import data_directory
from boutique_offline.rehearsal.stores.door import Door
from boutique_offline.rehearsal.stores.doors import Certifier, Doors
from boutique_offline.rehearsal.stores.postgres import PostgresStore
from boutique_offline.rehearsal.stores.processes import StoreError
from boutique_offline.rehearsal.stores.redis import RedisStore

_POLL_SECONDS = 1

_log = logging.getLogger(__name__)

Store = PostgresStore | RedisStore


@dataclass
class Keeper:
    """`state` is where it says, in stores.json, where each endpoint is reached."""

    state: Path
    account: Account
    certifier: Certifier
    data: Path
    programs: Path
    stores: dict[str, Store] = field(default_factory=dict)
    told: str = ""

    async def keep(self, stopping: asyncio.Event) -> None:
        """Looks every second, until it is told to stop. What cannot be had is logged, and tried again."""
        while not stopping.is_set():
            await self.look()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _POLL_SECONDS)

    async def look(self) -> None:
        """Makes the stores as they are described at this moment."""
        try:
            described = await asyncio.to_thread(self.account.stores)
        except (BotoCoreError, ClientError) as error:
            _log.warning("The account does not answer: %s", error)
            return
        for name in self._present() - described.keys():
            await self._remove(name)
        await asyncio.gather(*map(self._follow, described.values()))
        self._tell()

    def _present(self) -> set[str]:
        """Also those that another run has left."""
        return {path.name for path in self._directory("").iterdir()}

    async def _follow(self, description: Description) -> None:
        store = self.stores.get(description.name)
        if store is None:
            store = self.stores[description.name] = self._new(description)
            _log.info("Starting %s", description.name)
        try:
            # The store was made for the kind of its description.
            await store.follow(description)  # type: ignore[arg-type]
        except (StoreError, RedisError, OSError):
            _log.exception("%s is not as it should be", description.name)

    def _new(self, description: Description) -> Store:
        directory = self._directory(description.name)
        if isinstance(description, PostgresDescription):
            return PostgresStore(directory, self.programs, Doors(self.certifier, Door.open_postgres))
        return RedisStore(directory, Doors(self.certifier, Door.open_redis))

    async def _remove(self, name: str) -> None:
        _log.info("Removing %s", name)
        if store := self.stores.pop(name, None):
            await store.close()
        shutil.rmtree(self._directory(name))

    def _directory(self, name: str) -> Path:
        directory = self.data / "stores" / name
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def _tell(self) -> None:
        told = json.dumps(published(self.stores), indent=2, sort_keys=True)
        if told != self.told:
            unfinished = self.state / "stores.unfinished"
            unfinished.write_text(told)
            unfinished.rename(self.state / "stores.json")
            self.told = told


def published(stores: Mapping[str, Store]) -> dict[str, dict[str, int | str]]:
    """By the host that clients are told: the port that they are told, and the "host:port" where it really is."""
    return {
        endpoint.host: {"port": endpoint.port, "address": door.address}
        for store in stores.values()
        for endpoint, door in store.doors.doors.items()
    }


@contextlib.asynccontextmanager
async def open_keeper(state: Path, account: Account, certifier: Certifier) -> AsyncIterator[Keeper]:
    """The stores end with it; their data stays for another one, or for `remove`."""
    data = data_directory(state)
    _make(data)
    copied = data / "programs"
    shutil.rmtree(copied, ignore_errors=True)
    copied.mkdir()
    keeper = Keeper(state, account, certifier, data, await asyncio.to_thread(programs_from_wheel, copied))
    try:
        yield keeper
    finally:
        await asyncio.gather(*(store.close() for store in keeper.stores.values()))


def _make(directory: Path) -> None:
    """Its owner's alone, and its owner is whoever runs Postgres."""
    directory.mkdir(mode=0o700, exist_ok=True)
    if (user := server_user()) is not None:
        shutil.chown(directory, user, user)
