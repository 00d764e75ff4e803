"""Fixtures: an empty emulated AWS account, an emulated Cloudflare zone without records, and a GitHub server."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from moto import mock_aws

from cli.account import Account, open_account
from cli.tests.github_server import TOKEN, GitHubServer, serving_github
from dev.progress import Progress
from offline.tests.plugins.cloudflare_account import Cloudflare, emulated_cloudflare


@pytest.fixture(scope="session")
def _cloudflare() -> Iterator[Cloudflare]:
    with emulated_cloudflare() as cloudflare:
        yield cloudflare


@pytest.fixture
def cloudflare(_cloudflare: Cloudflare) -> Cloudflare:
    for record in _cloudflare.ask("GET", "dns_records"):
        _cloudflare.ask("DELETE", f"dns_records/{record['id']}")
    return _cloudflare


@pytest.fixture(autouse=True)
def clouds(cloudflare: Cloudflare, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Sets credentials that no real cloud accepts."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "BOUTIQUE_AWS_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    for name, value in {**credentials, **cloudflare.variables}.items():
        monkeypatch.setenv(name, value)
    # By default, moto creates a thousand snapshots.
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with mock_aws():
        yield


@pytest.fixture(scope="session")
def _opened() -> Account:
    """Opens the account once, since boto3 takes seconds to load AWS' service models."""
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        return open_account("dev")


@pytest.fixture
def account(_opened: Account, clouds: None) -> Account:
    return _opened


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps the lock of a command that runs on this machine from blocking the tests."""
    monkeypatch.setenv("BOUTIQUE_CACHE", str(tmp_path))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubServer]:
    """Starts a GitHub server and sets the variables that point to it."""
    with serving_github() as server:
        monkeypatch.setenv("GITHUB_API_URL", server.address)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        yield server


@pytest.fixture
def quiet() -> Iterator[Progress]:
    with Progress() as progress:
        yield progress


def changed(account: Account, **changes: object) -> Account:
    """Returns a copy with changed settings, as in `protected=True`."""
    return replace(account, settings=account.settings.model_copy(update=changes))
