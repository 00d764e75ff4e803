"""The catalog in memory, kept up to date, so that reads need no call to the store and survive its outage."""

import asyncio
from collections.abc import Sequence
from typing import NoReturn

from boutique_catalog.catalog import Catalog
from boutique_catalog.product import Product
from boutique_catalog.store import ProductStore
from boutique_runtime.errors import UnavailableError
from boutique_runtime.refreshing import Refreshing


class CurrentCatalog:
    """Reads the store every `cache_seconds`. While the store is down, it keeps the last catalog."""

    def __init__(self, store: ProductStore, cache_seconds: float) -> None:
        self._store = store
        self._catalog = Refreshing(self._read, fresh_seconds=cache_seconds, retry_seconds=min(1, cache_seconds))

    @property
    def loaded(self) -> asyncio.Event:
        """Returns the event that is set once there is a catalog."""
        return self._catalog.loaded

    def get(self) -> Catalog:
        """Returns the catalog. Raises UnavailableError before the store was first read."""
        if self._catalog.latest is None:
            raise UnavailableError("the catalog has not been read from its store yet")
        return self._catalog.latest

    async def search(self, query: str) -> Sequence[Product]:
        """Searches the store or, while it is down, the catalog in memory. Raises UnavailableError as `get` does."""
        catalog = self.get()
        if not query:
            return catalog.products
        try:
            return await self._store.search(query)
        except UnavailableError:
            return catalog.search(query)

    async def keep_up_to_date(self) -> NoReturn:
        """Reads the store again and again, until cancelled."""
        await self._catalog.keep_fresh()

    async def _read(self) -> Catalog:
        return Catalog(await self._store.all())
