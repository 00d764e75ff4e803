"""The catalog in memory, kept up to date, so that a read costs no trip to the store and survives its outage."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Sequence

from boutique_catalog.catalog import Catalog
from boutique_catalog.product import Product
from boutique_catalog.store import ProductStore
from boutique_runtime.errors import UnavailableError

_log = logging.getLogger(__name__)

_RETRY_SECONDS = 1


class CurrentCatalog:
    """`loaded` is set once there is a catalog; from then on the last one read stays while the store is away."""

    def __init__(self, store: ProductStore, cache_seconds: float) -> None:
        self.loaded = asyncio.Event()
        self._store = store
        self._cache_seconds = cache_seconds
        self._catalog: Catalog | None = None

    def get(self) -> Catalog:
        """Raises UnavailableError until there is one."""
        if self._catalog is None:
            raise UnavailableError("the catalog has not been read from its store yet")
        return self._catalog

    async def search(self, query: str) -> Sequence[Product]:
        """Asks the store, or else what is in memory. Raises UnavailableError where there is neither."""
        catalog = self.get()
        if not query:
            return catalog.products
        try:
            return await self._store.search(query)
        except UnavailableError:
            return catalog.search(query)

    async def keep_up_to_date(self) -> None:
        """Reads the store every `cache_seconds`. Ends only by being cancelled."""
        while True:
            with _logged_failure():
                self._catalog = Catalog(await self._store.all())
                self.loaded.set()
            await asyncio.sleep(self._cache_seconds if self.loaded.is_set() else _RETRY_SECONDS)


@contextlib.contextmanager
def _logged_failure() -> Iterator[None]:
    """Whatever is wrong with one attempt, the next may succeed."""
    try:
        yield
    except UnavailableError as error:
        _log.warning("the catalog could not be read", extra={"reason": f"{error}: {error.__cause__}"})
    except Exception:  # noqa: BLE001
        _log.exception("the catalog could not be read")
