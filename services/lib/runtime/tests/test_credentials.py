"""The credentials of a store, from settings or from a secret."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

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
    """Accepts one password, and counts the attempts."""

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


async def test_a_secret_has_the_user_name_and_the_password(secrets_manager: SecretsManager) -> None:
    secrets_manager.store("ada", "lovelace")
    assert await SecretCredentials(ARN).current() == Credentials("ada", "lovelace")


async def test_a_secret_that_was_read_is_not_read_again_for_a_while(secrets_manager: SecretsManager) -> None:
    secrets_manager.store("ada", "old")
    source = SecretCredentials(ARN)
    await source.current()
    secrets_manager.store("ada", "new")
    assert await source.current() == Credentials("ada", "old")
    assert secrets_manager.calls == 1
    source = SecretCredentials(ARN, fresh_seconds=0)
    await source.current()
    secrets_manager.store("ada", "newer")
    assert await source.current() == Credentials("ada", "newer")


async def test_all_callers_that_wait_for_a_secret_share_one_request(secrets_manager: SecretsManager) -> None:
    secrets_manager.store("ada", "lovelace")
    source = SecretCredentials(ARN)
    with held_back(secrets_manager):
        waiting = [asyncio.create_task(source.current()) for _ in range(20)]
        await asyncio.wait(waiting, timeout=0)
    assert set(await asyncio.gather(*waiting)) == {Credentials("ada", "lovelace")}
    assert secrets_manager.calls == 1


async def test_a_caller_that_is_cancelled_does_not_cancel_the_request_for_the_others(
    secrets_manager: SecretsManager,
) -> None:
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


async def test_a_login_is_refused_if_the_secret_has_not_changed(secrets_manager: SecretsManager) -> None:
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


async def test_the_last_credentials_are_used_while_secrets_manager_is_down(secrets_manager: SecretsManager) -> None:
    secrets_manager.store("ada", "lovelace")
    source = SecretCredentials(ARN, fresh_seconds=0, attempts=1)
    await source.current()
    secrets_manager.broken = True
    assert await source.current() == Credentials("ada", "lovelace")


async def test_a_secret_that_cannot_be_read_is_named(secrets_manager: SecretsManager) -> None:
    secrets_manager.broken = True
    source = SecretCredentials(ARN, attempts=1)
    with pytest.raises(CredentialsError, match=f"{ARN} cannot be read: .*InternalServiceError"):
        await source.current()
    secrets_manager.broken = False
    secrets_manager.store("ada", "lovelace")
    assert (await source.current()).username == "ada"


@pytest.mark.parametrize("text", ["hunter2", '{"username": "ada"}', '["hunter2"]', '{"password": "hunter2"}'])
async def test_a_secret_in_another_format_is_refused_and_not_shown(secrets_manager: SecretsManager, text: str) -> None:
    secrets_manager.text = text
    with pytest.raises(CredentialsError, match='is not JSON with "username" and "password"') as refusal:
        await SecretCredentials(ARN).current()
    assert "hunter2" not in repr(refusal.value)


def test_credentials_do_not_show_their_password() -> None:
    assert "lovelace" not in repr(Credentials("ada", "lovelace"))
