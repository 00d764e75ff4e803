"""An emulated account, with another one that is somebody else's."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from infra.check import read_settings
from infra.settings import check_settings
from ops.account import Account, open_account, open_session

ACCOUNT = "123456789012"
"""That of the repository's stacks, and by default moto's."""
NEIGHBOUR = "dev-blue"
"""A stack whose names all begin with those of `dev`."""


@pytest.fixture(autouse=True)
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Credentials that no real account takes, and an emulator before every call."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "BOUTIQUE_AWS_ENDPOINT", "BOUTIQUE_CLOUDFLARE_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "token")
    with mock_aws():
        yield


@pytest.fixture
def account() -> Account:
    return open_account("dev")


def opened(stack: str, **changes: object) -> Account:
    """The account of a stack whose settings differ by these, as in `protected=True`."""
    settings = check_settings(stack, read_settings(stack)).aws
    assert settings
    return Account(stack, settings.model_copy(update=changes), open_session(settings.region))
