"""An emulated account with nothing in it, and an emulated zone without a record."""

from collections.abc import Iterator
from dataclasses import replace

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
    """With credentials that no real cloud takes."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "BOUTIQUE_AWS_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    for name, value in {**credentials, **cloudflare.variables}.items():
        monkeypatch.setenv(name, value)
    # Otherwise the account is born with a thousand snapshots.
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with mock_aws():
        yield


@pytest.fixture(scope="session")
def _opened() -> Account:
    """Opened once: boto3 takes seconds to read what AWS' services are like."""
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        return open_account("dev")


@pytest.fixture
def account(_opened: Account, clouds: None) -> Account:
    return _opened


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubServer]:
    """GitHub, as far as posts need it; the environment says where it is."""
    with serving_github() as server:
        monkeypatch.setenv("GITHUB_API_URL", server.address)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        yield server


@pytest.fixture
def quiet() -> Iterator[Progress]:
    with Progress() as progress:
        yield progress


def changed(account: Account, **changes: object) -> Account:
    """The same but for these settings, as in `protected=True`."""
    return replace(account, settings=account.settings.model_copy(update=changes))
