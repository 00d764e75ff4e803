"""Which kinds the cluster serves, and where: learnt from the API server once, in two requests."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from boutique_offline.plugins.kubernetes.api import Api, Object
from boutique_offline.plugins.serving import PluginError

_AGGREGATED: Final = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_NEW_KIND_SECONDS: Final = 15
"""How long a kind may take to be served after its CustomResourceDefinition is established."""


@dataclass(frozen=True)
class Kind:
    """A kind that the cluster serves."""

    api_version: str
    name: str
    plural: str
    namespaced: bool

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]

    def collection(self, namespace: str | None = None) -> str:
        """The path of the kind's objects, of one namespace if it is namespaced and one is given."""
        root = f"/apis/{self.api_version}" if self.group else f"/api/{self.api_version}"
        scope = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced and namespace else ""
        return f"{root}{scope}/{self.plural}"

    def item(self, namespace: str | None, name: str) -> str:
        return f"{self.collection(namespace)}/{quote(name, safe='')}"


class UnknownKindError(PluginError):
    def __init__(self, api_version: str, kind: str) -> None:
        super().__init__(
            f"the API server serves no {kind} of {api_version}; "
            "if a CustomResourceDefinition defines it, that must be created first"
        )


class Discovery:
    """The kinds of one cluster, asked for at the first need and again when a kind is missing."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._kinds: dict[tuple[str, str], Kind] | None = None
        self._asking = asyncio.Lock()

    async def find(self, api_version: str, kind: str) -> Kind:
        """Raises UnknownKindError if the cluster does not serve the kind now."""
        key = (api_version, kind)
        kinds = await self._known()
        if key not in kinds:
            kinds = await self._ask_again(kinds)
        if key not in kinds:
            raise UnknownKindError(api_version, kind)
        return kinds[key]

    async def await_kind(self, api_version: str, kind: str) -> Kind:
        """`find`, with patience for a kind whose definition was created moments ago."""
        deadline = time.monotonic() + _NEW_KIND_SECONDS
        while True:
            try:
                return await self.find(api_version, kind)
            except UnknownKindError:
                if time.monotonic() > deadline:
                    raise
            # The API has no way to watch for a new kind.
            await asyncio.sleep(1)

    async def api_versions(self) -> list[str]:
        """Every group and version, alone and with each of its kinds, as Helm's capabilities name them."""
        kinds = await self._known()
        return sorted({key[0] for key in kinds} | {"/".join(key) for key in kinds})

    async def _known(self) -> dict[tuple[str, str], Kind]:
        async with self._asking:
            if self._kinds is None:
                self._kinds = await self._ask()
            return self._kinds

    async def _ask_again(self, outdated: dict[tuple[str, str], Kind]) -> dict[tuple[str, str], Kind]:
        async with self._asking:
            # Another task may have asked while this one waited for the lock.
            if self._kinds is outdated:
                self._kinds = await self._ask()
            return self._kinds or {}

    async def _ask(self) -> dict[tuple[str, str], Kind]:
        answers = await asyncio.gather(*(self._api.get(path, accept=_AGGREGATED) for path in ("/api", "/apis")))
        if any("items" not in answer for answer in answers):
            raise PluginError("the API server lacks aggregated discovery (Kubernetes 1.30 or newer is needed)")
        return {
            (kind.api_version, kind.name): kind
            for answer in answers
            for group in answer["items"]
            for kind in _kinds_of(group)
        }


def _kinds_of(group: Object) -> list[Kind]:
    name = group["metadata"].get("name", "")
    return [
        Kind(
            api_version=f"{name}/{version['version']}" if name else version["version"],
            name=resource["responseKind"]["kind"],
            plural=resource["resource"],
            namespaced=resource["scope"] == "Namespaced",
        )
        for version in group["versions"]
        for resource in version.get("resources") or []
    ]
