"""Tests whether a registry is reachable."""

import http.server
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from dev.images import registry


class _Registry(http.server.BaseHTTPRequestHandler):
    answer = HTTPStatus.UNAUTHORIZED

    def do_GET(self) -> None:
        self.send_response(self.answer if self.path == "/v2/" else HTTPStatus.NOT_FOUND)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Runs a registry that requires credentials, and returns its address."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject, *files], check=True, capture_output=True
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with http.server.HTTPServer(("127.0.0.1", 0), _Registry) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"localhost:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_registry_that_requires_credentials_is_reachable(address: str) -> None:
    assert registry.is_reachable(f"{address}/library/python:3.11")


def test_a_server_that_is_not_a_registry_is_not_reachable(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Registry, "answer", HTTPStatus.FORBIDDEN)
    assert not registry.is_reachable(f"{address}/library/python:3.11")


def test_a_registry_whose_certificate_is_not_trusted_is_not_reachable(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert not registry.is_reachable(f"{address}/library/python:3.11")


def test_a_missing_registry_is_not_reachable() -> None:
    assert not registry.is_reachable("localhost:1/library/python:3.11")
