"""A small client of the Kubernetes API: JSON requests, server-side apply and watches over one connection pool."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import httpx

from boutique_offline.plugins.kubernetes.kubeconfig import Cluster, Credential, sign_in, tls_context
from boutique_offline.plugins.serving import PluginError

Object = dict[str, Any]

_CONNECT_SECONDS: Final = 10
_ANSWER_SECONDS: Final = 60
_RECONNECT_SECONDS: Final = 1
_APPLY: Final = "application/apply-patch+yaml"


@dataclass(frozen=True)
class Cause:
    """One of the reasons in a refusal: the field as the API writes it, the reason's name and its explanation."""

    field: str
    reason: str
    message: str


class ApiError(PluginError):
    """A status other than success from the API server."""

    def __init__(self, code: int, status: Object) -> None:
        super().__init__(str(status.get("message") or f"the API server answered {code}"))
        self.code = code
        self.reason = str(status.get("reason") or "")
        self.details: Object = status.get("details") or {}
        self.causes = [
            Cause(cause.get("field", ""), cause.get("reason", ""), cause.get("message", ""))
            for cause in self.details.get("causes") or []
        ]

    @property
    def not_found(self) -> bool:
        return self.code == httpx.codes.NOT_FOUND

    @property
    def invalid(self) -> bool:
        return self.code == httpx.codes.UNPROCESSABLE_ENTITY

    @property
    def conflicts(self) -> list[Cause]:
        """The fields of a server-side apply that other managers own."""
        return [cause for cause in self.causes if cause.reason == "FieldManagerConflict"]


class Api:
    """One cluster's API. Raises ApiError for refusals, PluginError where the cluster cannot be reached."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._credential: Credential | None = None
        self._client: httpx.AsyncClient | None = None
        self._signing_in = asyncio.Lock()

    async def get(self, path: str, *, accept: str = "application/json", **query: str) -> Object:
        answer: Object = (await self._request("GET", path, query, headers={"Accept": accept})).json()
        return answer

    async def get_text(self, path: str, **query: str) -> str:
        return (await self._request("GET", path, query)).text

    async def apply(self, path: str, manifest: Object, **query: str) -> Object:
        """Applies the object server-side and answers it as it then is. `query` are the options of the API's PATCH."""
        # JSON is YAML, which is what the content type asks for.
        answer = await self._request("PATCH", path, query, json.dumps(manifest), {"Content-Type": _APPLY})
        applied: Object = answer.json()
        return applied

    async def delete(self, path: str, *, propagation: str) -> Object:
        options = json.dumps({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation})
        answer = await self._request("DELETE", path, {}, options, {"Content-Type": "application/json"})
        deleted: Object = answer.json()
        return deleted

    async def list(self, path: str, **query: str) -> list[Object]:
        return _items(await self.get(path, **query))

    async def follow(self, path: str, **query: str) -> AsyncIterator[Sequence[Object]]:
        """The objects of a collection that match the query: as they are now, and again after each change."""
        while True:
            listing = await self.get(path, **query)
            items = {item["metadata"]["uid"]: item for item in _items(listing)}
            yield list(items.values())
            position = {"resourceVersion": listing["metadata"]["resourceVersion"]}
            try:
                async for event in self._watch(path, query | position):
                    uid = event["object"]["metadata"]["uid"]
                    if event["type"] == "DELETED":
                        items.pop(uid, None)
                    else:
                        items[uid] = event["object"]
                    yield list(items.values())
            except httpx.TransportError:
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def lines(self, path: str, **query: str) -> AsyncIterator[str]:
        """The lines of an answer that goes on, such as a log that is followed, until the server ends it."""
        client = await self._signed_in_client()
        timeout = httpx.Timeout(_CONNECT_SECONDS, read=None)
        async with client.stream("GET", path, params=query, timeout=timeout) as response:
            if response.is_error:
                await response.aread()
                raise _api_error(response)
            async for line in response.aiter_lines():
                yield line

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._client:
            await self._client.aclose()

    async def _watch(self, path: str, query: dict[str, str]) -> AsyncIterator[Object]:
        """Events until the server ends the watch or says that the position is too old to go on from."""
        async for line in self.lines(path, **query, watch="1"):
            event = json.loads(line)
            if event["type"] == "ERROR":
                return
            yield event

    async def _request(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        content: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        client = await self._signed_in_client()
        try:
            response = await client.request(method, path, params=query, content=content, headers=headers)
        except httpx.TransportError as error:
            raise PluginError(
                f"cannot reach the cluster of context {self._cluster.context!r} at {self._cluster.server}: "
                f"{error or type(error).__name__}"
            ) from None
        if response.is_error:
            raise _api_error(response)
        return response

    async def _signed_in_client(self) -> httpx.AsyncClient:
        async with self._signing_in:
            if self._client is None or (self._credential and self._credential.expired):
                self._credential = await sign_in(self._cluster)
                self._client = self._connect(self._credential)
            return self._client

    def _connect(self, credential: Credential) -> httpx.AsyncClient:
        # What a proxy variable of the environment names is not the configured cluster.
        return httpx.AsyncClient(
            base_url=self._cluster.server,
            verify=tls_context(self._cluster, credential.certificate, credential.key),
            headers={"Authorization": f"Bearer {credential.token}"} if credential.token else {},
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            trust_env=False,
        )


def _items(listing: Object) -> list[Object]:
    """A list's objects, with the kind that they leave out because it is the list's own."""
    kind = {"apiVersion": listing["apiVersion"], "kind": listing["kind"].removesuffix("List")}
    return [kind | item for item in listing.get("items") or []]


def _api_error(response: httpx.Response) -> ApiError:
    try:
        status = response.json()
    except ValueError:
        status = {"message": f"the API server answered {response.status_code}: {response.text[:200].strip()}"}
    if response.status_code == httpx.codes.UNAUTHORIZED:
        status["message"] = "the API server does not accept the kubeconfig's credentials (401 Unauthorized)"
    return ApiError(response.status_code, status if isinstance(status, dict) else {})
