"""Sends requests to the emulated Cloudflare, and never to the real one."""

import os
from typing import Any, Final

import httpx

from boutique_offline.plugins.endpoints import emulator_endpoint
from boutique_offline.plugins.serving import PluginError

_TOKEN_VARIABLE: Final = "CLOUDFLARE_API_TOKEN"  # noqa: S105 (its name)
_BASE: Final = "/client/v4"


class ApiError(PluginError):
    """Raised when Cloudflare rejects a request. The message has Cloudflare's errors."""

    def __init__(self, method: str, path: str, status: int, errors: list[dict[str, Any]]) -> None:
        reasons = "; ".join(f"{error['code']}: {error['message']}" for error in errors) or f"status {status}"
        super().__init__(f"{method} {path}: {reasons}")
        self.not_found = status == httpx.codes.NOT_FOUND


class Api:
    """A client of the emulator. Raises PluginError if its address or the token is missing or not allowed."""

    def __init__(self) -> None:
        token = os.environ.get(_TOKEN_VARIABLE)
        if not token:
            raise PluginError(f"{_TOKEN_VARIABLE} must be set")
        endpoint = emulator_endpoint("BOUTIQUE_CLOUDFLARE_ENDPOINT", "cloudflare")
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.AsyncClient(base_url=f"{endpoint}{_BASE}", headers=headers, trust_env=False)

    async def request(self, method: str, path: str, content: object = None) -> Any:
        """Returns the result of a request. Raises ApiError if it is rejected."""
        try:
            response = await self._client.request(method, path, json=content)
        except httpx.TransportError as error:
            raise PluginError(f"{method} {path}: the emulated Cloudflare does not respond: {error}") from error
        body = response.json()
        if not body["success"]:
            raise ApiError(method, path, response.status_code, body["errors"])
        return body["result"]
