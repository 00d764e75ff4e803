"""Serves zones over HTTP, in the format of Cloudflare's API."""

import hmac
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from boutique_offline.rehearsal.cloudflare.zones import Record, RefusedError, Zone

HEALTH: Final = "/_cloudflare/health"
BASE: Final = "/client/v4"
_IDENTIFIER: Final = re.compile(r"[0-9a-f]{32}")
_PAGE: Final = 100
_FILTERS: Final = ("name", "type", "content")
_NETWORKS: Final = {
    # Some of the networks that Cloudflare publishes. No traffic comes from them in a rehearsal.
    "ipv4_cidrs": ["173.245.48.0/20", "103.21.244.0/22", "141.101.64.0/18", "104.16.0.0/13"],
    "ipv6_cidrs": ["2400:cb00::/32", "2606:4700::/32"],
    "etag": "rehearsal",
}

Endpoint = Callable[[Request], Awaitable[Response]]
Operation = Callable[[Request], Awaitable[Any]]


def create_application(zones: Iterable[Zone], token: str) -> Starlette:
    """Returns an application that serves the zones to clients with the token."""
    cloudflare = _Cloudflare({zone.id: zone for zone in zones}, token)
    record = "/zones/{zone}/dns_records/{record}"
    routes = [
        Route(f"{BASE}{path}", cloudflare.endpoint(operation, authenticates=path != "/ips"), methods=[method])
        for method, path, operation in (
            ("GET", "/ips", cloudflare.networks),
            ("GET", "/zones", cloudflare.list_zones),
            ("GET", "/zones/{zone}", cloudflare.get_zone),
            ("GET", "/zones/{zone}/dns_records", cloudflare.list_records),
            ("POST", "/zones/{zone}/dns_records", cloudflare.create_record),
            ("GET", record, cloudflare.get_record),
            ("PUT", record, cloudflare.replace_record),
            ("PATCH", record, cloudflare.change_record),
            ("DELETE", record, cloudflare.delete_record),
            ("GET", "/zones/{zone}/settings/{setting}", cloudflare.get_setting),
            ("PATCH", "/zones/{zone}/settings/{setting}", cloudflare.change_setting),
        )
    ]
    return Starlette(routes=[Route(HEALTH, _healthy), *routes], exception_handlers={404: _no_route, 405: _no_route})


class _Page:
    """One page of a list."""

    def __init__(self, items: Sequence[Any], request: Request) -> None:
        number = int(request.query_params.get("page", "1"))
        size = int(request.query_params.get("per_page", str(_PAGE)))
        self.items = items[(number - 1) * size : number * size]
        self.info = {
            "page": number,
            "per_page": size,
            "count": len(self.items),
            "total_count": len(items),
            "total_pages": -(-len(items) // size),
        }


class _Cloudflare:
    def __init__(self, zones: dict[str, Zone], token: str) -> None:
        self._zones = zones
        self._authorization = f"Bearer {token}"

    def endpoint(self, operation: Operation, *, authenticates: bool) -> Endpoint:
        async def respond(request: Request) -> Response:
            try:
                if authenticates:
                    self._authenticate(request)
                result = await operation(request)
            except RefusedError as error:
                return _envelope(None, errors=[{"code": error.code, "message": str(error)}], status=error.status)
            if isinstance(result, _Page):
                return _envelope(result.items, result_info=result.info)
            return _envelope(result)

        return respond

    async def networks(self, _: Request) -> Any:
        return _NETWORKS

    async def list_zones(self, request: Request) -> _Page:
        name = request.query_params.get("name")
        return _Page([zone.describe() for zone in self._zones.values() if name in (None, zone.name)], request)

    async def get_zone(self, request: Request) -> Any:
        return self._zone(request).describe()

    async def list_records(self, request: Request) -> _Page:
        wanted = {key: value for key in _FILTERS if (value := request.query_params.get(key)) is not None}
        records = self._zone(request).records.values()
        found = [record for record in records if all(record[key] == value for key, value in wanted.items())]
        return _Page(sorted(found, key=lambda record: (record["name"], record["type"])), request)

    async def create_record(self, request: Request) -> Record:
        return self._zone(request).create(await _body(request))

    async def get_record(self, request: Request) -> Record:
        return self._zone(request).record(request.path_params["record"])

    async def replace_record(self, request: Request) -> Record:
        return self._zone(request).replace(request.path_params["record"], await _body(request))

    async def change_record(self, request: Request) -> Record:
        zone, identifier = self._zone(request), request.path_params["record"]
        return zone.replace(identifier, zone.record(identifier) | await _body(request))

    async def delete_record(self, request: Request) -> Any:
        return self._zone(request).delete(request.path_params["record"])

    async def get_setting(self, request: Request) -> Any:
        return self._zone(request).setting(request.path_params["setting"])

    async def change_setting(self, request: Request) -> Any:
        value = (await _body(request)).get("value")
        return self._zone(request).set(request.path_params["setting"], value)

    def _authenticate(self, request: Request) -> None:
        authorization = request.headers.get("Authorization", "")
        if not authorization.startswith("Bearer "):
            raise RefusedError(400, 6003, "Invalid request headers")
        if not hmac.compare_digest(authorization.encode(), self._authorization.encode()):
            raise RefusedError(403, 9109, "Invalid access token")

    def _zone(self, request: Request) -> Zone:
        identifier = request.path_params["zone"]
        if not _IDENTIFIER.fullmatch(identifier):
            path = request.url.path
            raise RefusedError(404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?")
        if identifier not in self._zones:
            raise RefusedError(403, 9109, "Unauthorized to access requested resource")
        return self._zones[identifier]


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise RefusedError(400, 9207, "Request body is invalid.")
    return body


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _no_route(_: Request, __: Exception) -> Response:
    return _envelope(None, errors=[{"code": 7000, "message": "No route for that URI"}], status=404)


def _envelope(result: Any, *, errors: Sequence[Any] = (), status: int = 200, **more: Any) -> Response:
    content = {"success": not errors, "errors": list(errors), "messages": [], "result": result, **more}
    return JSONResponse(content, status_code=status)
