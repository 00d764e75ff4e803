"""Requests to the emulated Cloudflare, and to no other."""

import os
from typing import Any, Final

import httpx

from boutique_offline.plugins.emulators import emulator
from boutique_offline.plugins.serving import PluginError

ENDPOINT_VARIABLE: Final = "BOUTIQUE_CLOUDFLARE_ENDPOINT"
_TOKEN_VARIABLE: Final = "CLOUDFLARE_API_TOKEN"  # noqa: S105 (its name)
_BASE: Final = "/client/v4"


class ApiError(PluginError):
    """What Cloudflare answered, in its own words."""

    def __init__(self, method: str, path: str, status: int, errors: list[dict[str, Any]]) -> None:
        told = "; ".join(f"{error['code']}: {error['message']}" for error in errors) or f"status {status}"
        super().__init__(f"{method} {path}: {told}")
        self.absent = status == httpx.codes.NOT_FOUND


class Api:
    """Raises PluginError where no emulator or token is set, or the emulator is not on this machine itself."""

    def __init__(self) -> None:
        token = os.environ.get(_TOKEN_VARIABLE)
        if not token:
            raise PluginError(f"{_TOKEN_VARIABLE} must be set")
        self._client = httpx.AsyncClient(
            base_url=f"{_emulator()}{_BASE}", headers={"Authorization": f"Bearer {token}"}, trust_env=False
        )

    async def ask(self, method: str, path: str, content: object = None, **query: str) -> Any:
        """The result of a request. Raises ApiError for a refusal."""
        try:
            response = await self._client.request(method, path, json=content, params=query)
        except httpx.TransportError as error:
            raise PluginError(f"{method} {path}: the emulated Cloudflare does not answer: {error}") from error
        answer = response.json()
        if not answer["success"]:
            raise ApiError(method, path, response.status_code, answer["errors"])
        return answer["result"]


def _emulator() -> str:
    return emulator(
        ENDPOINT_VARIABLE,
        f"This stand-in for the cloudflare provider talks to an emulator alone: {ENDPOINT_VARIABLE} must name it. "
        "For a real zone, install the official plugin: pulumi plugin install resource cloudflare",
    )
