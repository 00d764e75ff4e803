"""A service logs in with what its environment says, or with what a secret says at that moment."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from boutique_runtime import credentials as credentials_module
from boutique_runtime.credentials import (
    Credentials,
    CredentialsError,
    FixedCredentials,
    SecretCredentials,
    log_in,
)
from boutique_testing.secrets_manager import ARN, SecretsManager

WAIT_SECONDS = 30


class RefusedError(Exception):
    pass


class Store:
    """Lets in whoever knows its password; counts those who try."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.attempts = 0

    async def open(self, credentials: Credentials) -> str:
        self.attempts += 1
        if credentials.password != self.password:
            raise RefusedError
        return f"a connection of {credentials.username}"


@contextmanager
def held_back(secrets_manager: SecretsManager) -> Iterator[None]:
    secrets_manager.open.clear()
    yield
    secrets_manager.open.set()


async def test_a_secret_says_who_logs_in_and_with_which_password(secrets_manager: SecretsManager) -> None:
    secrets_manager.store("ada", "lovelace")
    assert await SecretCredentials(ARN).current() == Credentials("ada", "lovelace")


async def test_a_secret_that_was_read_is_not_read_again_for_a_while(
    secrets_manager: SecretsManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets_manager.store("ada", "old")
    source = SecretCredentials(ARN)
    await source.current()
    secrets_manager.store("ada", "new")
    assert await source.current() == Credentials("ada", "old")
    assert secrets_manager.calls == 1
    monkeypatch.setattr(credentials_module, "_FRESH_SECONDS", 0)
    source = SecretCredentials(ARN)
    await source.current()
    secrets_manager.store("ada", "newer")
    assert await source.current() == Credentials("ada", "newer")


async def test_all_who_wait_for_a_secret_share_one_call(secrets_manager: SecretsManager) -> None:
    secrets_manager.store("ada", "lovelace")
    source = SecretCredentials(ARN)
    with held_back(secrets_manager):
        waiting = [asyncio.create_task(source.current()) for _ in range(20)]
        await asyncio.wait(waiting, timeout=0)
    assert set(await asyncio.gather(*waiting)) == {Credentials("ada", "lovelace")}
    assert secrets_manager.calls == 1


async def test_a_call_goes_on_for_those_who_wait_when_who_began_it_leaves(secrets_manager: SecretsManager) -> None:
    secrets_manager.store("ada", "lovelace")
    source = SecretCredentials(ARN)
    with held_back(secrets_manager):
        first, second = (asyncio.create_task(source.current()) for _ in range(2))
        await asyncio.wait([first], timeout=0)
        first.cancel()
    assert await second == Credentials("ada", "lovelace")
    assert secrets_manager.calls == 1


async def test_a_login_that_is_refused_reads_the_secret_again_and_succeeds(secrets_manager: SecretsManager) -> None:
    secrets_manager.store("ada", "old")
    source, store = SecretCredentials(ARN), Store("old")
    await log_in(source, store.open, RefusedError)
    store.password = "new"
    secrets_manager.store("ada", "new")
    assert await log_in(source, store.open, RefusedError) == "a connection of ada"
    assert secrets_manager.calls == 2


async def test_many_logins_that_are_refused_at_once_read_the_secret_once(secrets_manager: SecretsManager) -> None:
    secrets_manager.store("ada", "old")
    source, store = SecretCredentials(ARN), Store("new")
    await source.current()
    secrets_manager.store("ada", "new")
    await asyncio.gather(*(log_in(source, store.open, RefusedError) for _ in range(20)))
    assert secrets_manager.calls == 2


async def test_a_login_is_refused_where_the_secret_has_nothing_newer(secrets_manager: SecretsManager) -> None:
    secrets_manager.store("ada", "wrong")
    store = Store("right")
    with pytest.raises(RefusedError):
        await log_in(SecretCredentials(ARN), store.open, RefusedError)
    assert store.attempts == 1


async def test_a_fixed_password_that_is_refused_is_tried_once() -> None:
    store = Store("right")
    with pytest.raises(RefusedError):
        await log_in(FixedCredentials(Credentials("ada", "wrong")), store.open, RefusedError)
    assert store.attempts == 1


async def test_what_was_read_last_counts_while_secrets_manager_is_away(
    secrets_manager: SecretsManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials_module, "_FRESH_SECONDS", 0)
    monkeypatch.setattr(credentials_module, "_ATTEMPTS", 1)
    secrets_manager.store("ada", "lovelace")
    source = SecretCredentials(ARN)
    await source.current()
    secrets_manager.broken = True
    assert await source.current() == Credentials("ada", "lovelace")


async def test_a_secret_that_cannot_be_read_is_named(
    secrets_manager: SecretsManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials_module, "_ATTEMPTS", 1)
    secrets_manager.broken = True
    source = SecretCredentials(ARN)
    with pytest.raises(CredentialsError, match=f"{ARN} cannot be read: .*InternalServiceError"):
        await source.current()
    secrets_manager.broken = False
    secrets_manager.store("ada", "lovelace")
    assert (await source.current()).username == "ada"


@pytest.mark.parametrize("text", ["hunter2", '{"username": "ada"}', '["hunter2"]', '{"password": "hunter2"}'])
async def test_a_secret_of_another_form_is_refused_without_showing_it(
    secrets_manager: SecretsManager, text: str
) -> None:
    secrets_manager.text = text
    with pytest.raises(CredentialsError, match='is not JSON with "username" and "password"') as refusal:
        await SecretCredentials(ARN).current()
    assert "hunter2" not in repr(refusal.value)


def test_credentials_do_not_show_their_password() -> None:
    assert "lovelace" not in repr(Credentials("ada", "lovelace"))
