"""Asks the API server with an administrator's certificate."""

import collections
import ssl
import time
import urllib.request
from pathlib import Path
from typing import Final

from local.cluster.components import ApiServerAddress
from local.cluster.pki import Pki
from local.errors import ActionableError

_POLL_INTERVAL: Final = 0.1
_LAST_LINES: Final = 10


def wait_until_ready(pki: Pki, address: ApiServerAddress, timeout: float, log: Path) -> None:
    """Returns when the API server serves. Raises ActionableError with the end of its log where it takes too long."""
    context = ssl.create_default_context(cafile=pki["cluster-authority"].certificate)
    context.load_cert_chain(pki["admin"].certificate, pki["admin"].key)
    deadline = time.monotonic() + timeout
    while not _ready(address, context):
        if time.monotonic() > deadline:
            with log.open(errors="replace") as lines:
                last = "  ".join(collections.deque(lines, maxlen=_LAST_LINES))
            raise ActionableError(
                f"The API server did not become ready within {timeout:g} s. {log} ends with:\n  {last}"
            )
        time.sleep(_POLL_INTERVAL)


def _ready(address: ApiServerAddress, context: ssl.SSLContext) -> bool:
    try:
        with urllib.request.urlopen(f"{address.url}/readyz", timeout=5, context=context) as answer:  # noqa: S310, https
            return bool(answer.status == 200)
    except OSError:
        return False
