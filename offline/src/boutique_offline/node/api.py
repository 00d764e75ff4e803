"""A client for the few parts of Kubernetes' API that starting a cluster needs, with only the standard library."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse
from typing import Any, Final

from boutique_offline.node.certificates import KeyPair
from boutique_offline.node.components import ApiServerAddress
from boutique_offline.node.pki import Pki

_TIMEOUT: Final = 10.0
_WATCH_SECONDS: Final = 300


class Api:
    """Talks to an API server as a user with a key pair. Every method raises OSError if a request fails."""

    def __init__(self, address: ApiServerAddress, pki: Pki, user: str) -> None:
        pair: KeyPair = pki[user]
        self._url = address.url
        self._context = ssl.create_default_context(cafile=pki["cluster-authority"].certificate)
        self._context.load_cert_chain(pair.certificate, pair.key)

    def ready(self) -> bool:
        """Returns whether the API server is ready. Never raises OSError."""
        try:
            self._open("/readyz").close()
        except OSError:
            return False
        return True

    def get(self, path: str) -> dict[str, Any] | None:
        """Returns the object at a path, or None if it does not exist."""
        try:
            with self._open(path) as response:
                return dict(json.load(response))
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def create(self, path: str, value: dict[str, Any]) -> None:
        """Creates an object. An existing object with that name does not change."""
        try:
            self._open(path, method="POST", body=value).close()
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise

    def delete(self, path: str) -> None:
        """Deletes an object, if it exists."""
        try:
            self._open(path, method="DELETE").close()
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise

    def watch(self, path: str) -> Iterator[dict[str, Any]]:
        """Yields every object of a collection, and each that is created or changed, until the server stops."""
        with self._open(f"{path}?watch=true&timeoutSeconds={_WATCH_SECONDS}", timeout=2 * _WATCH_SECONDS) as response:
            for line in response:
                event = json.loads(line)
                if event["type"] in ("ADDED", "MODIFIED"):
                    yield event["object"]

    def _open(
        self, path: str, method: str = "GET", body: dict[str, Any] | None = None, timeout: float = _TIMEOUT
    ) -> HTTPResponse:
        request = urllib.request.Request(  # noqa: S310, the address is https
            f"{self._url}{path}",
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={"Content-Type": "application/json"},
        )
        response: HTTPResponse = urllib.request.urlopen(request, timeout=timeout, context=self._context)  # noqa: S310
        return response
