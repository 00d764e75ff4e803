"""Runs an emulated Cloudflare with one zone as a process, like a rehearsal."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from boutique_offline.rehearsal.cloudflare.serving import BASE, HEALTH

ZONE = "023e105f4ecef8ad9ca31a8372d0c353"
_ROOT = Path(__file__).parents[3]
_TRIES = 7
"""Attempts to connect, with exponential backoff."""


@dataclass(frozen=True)
class Cloudflare:
    """The emulator's address and token. Paths are relative to the zone."""

    endpoint: str
    token: str = "never-shown"

    @property
    def variables(self) -> dict[str, str]:
        """Returns the environment variables for the plugin."""
        return {"BOUTIQUE_CLOUDFLARE_ENDPOINT": self.endpoint, "CLOUDFLARE_API_TOKEN": self.token}

    def ask(self, method: str, path: str, content: object = None) -> Any:
        """Sends a request that does not come from Pulumi."""
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(headers=headers, trust_env=False) as operator:
            response = operator.request(method, f"{self.endpoint}{BASE}/zones/{ZONE}/{path}", json=content).json()
        assert response["success"], response
        return response["result"]


@contextmanager
def emulated_cloudflare() -> Iterator[Cloudflare]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    cloudflare = Cloudflare(f"http://127.0.0.1:{port}")
    command = [sys.executable, "-m", "boutique_offline.rehearsal.cloudflare", "--port", str(port)]
    command += ["--zone", f"example.com={ZONE}=account"]
    with subprocess.Popen(command, env=os.environ | cloudflare.variables, cwd=_ROOT) as process:
        try:
            with httpx.Client(transport=httpx.HTTPTransport(retries=_TRIES)) as client:
                client.get(f"{cloudflare.endpoint}{HEALTH}")
            yield cloudflare
        finally:
            process.terminate()
