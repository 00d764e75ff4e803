"""Tests the scripts and settings of the chart `postgres` with a real Postgres."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from boutique_development_servers.postgres import programs_from_wheel
from boutique_development_servers.processes import STARTUP_SECONDS, free_port

_FILES = Path(__file__).parents[1] / "postgres/files"
_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # where fsync takes no time
_USER = 65534 if os.geteuid() == 0 else None  # Postgres refuses root


@dataclass(frozen=True)
class Node:
    """A directory for the volumes of pods, the image's programs, and the chart's files."""

    directory: Path
    programs: Path

    @property
    def files(self) -> Path:
        return self.directory / "files"


@dataclass
class Pod:
    """A pod of the chart: a volume and environment variables. It can be started several times."""

    node: "Node"
    name: str
    script: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    port: int = field(default_factory=free_port)
    directory: Path = field(init=False)

    def __post_init__(self) -> None:
        self.directory = self.node.directory / self.name
        self.directory.mkdir()
        self.directory.chmod(0o777)  # like a new volume
        self.environment |= {
            "PGDATA": str(self.directory / "pgdata"),
            "PGHOST": str(self.directory),
            "PGPORT": str(self.port),
            "PGUSER": "boutique",
            "PGDATABASE": "boutique",
            "PATH": f"{self.node.programs}:{os.environ['PATH']}",
        }

    def run(self, *command: str, password: str | None = None) -> subprocess.CompletedProcess[str]:
        environment = self.environment | ({"PGPASSWORD": password} if password is not None else {})
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, user=_USER, group=_USER
        )

    def start(self) -> None:
        with (self.directory / "log").open("wb") as output:
            self.process = subprocess.Popen(
                ["sh", str(self.node.files / self.script)],
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                user=_USER,
                group=_USER,
            )
        deadline = time.monotonic() + STARTUP_SECONDS
        while self.run("pg_isready", "--quiet", "--host=127.0.0.1").returncode != 0:
            log = (self.directory / "log").read_text()
            assert self.process.poll() is None, log
            assert time.monotonic() < deadline, log

    def stop(self) -> None:
        """Stops the pod as the kubelet does, with the stop signal of the image."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(timeout=20) == 0

    def kill(self) -> None:
        """Kills all processes at once, as a failing node does."""
        assert self.process is not None
        # Each Postgres process has its own session, and holds the shared memory until it ends.
        others = _descendants(self.process.pid)
        os.killpg(self.process.pid, signal.SIGKILL)
        for other in others:
            with contextlib.suppress(ProcessLookupError):
                os.kill(other, signal.SIGKILL)
        self.process.wait()
        deadline = time.monotonic() + STARTUP_SECONDS
        while any(Path(f"/proc/{other}").exists() for other in others):
            assert time.monotonic() < deadline, f"some of the processes {others} did not end"
            time.sleep(0.01)

    def ask(self, statement: str, user: str = "boutique", password: str = "it's") -> str:
        """Runs a statement as the shop does, and returns its rows."""
        finished = self.query(statement, user, password)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout.strip()

    def query(self, statement: str, user: str, password: str) -> subprocess.CompletedProcess[str]:
        connection = f"host=127.0.0.1 port={self.port} dbname=boutique user={user}"
        return self.run("psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-c", statement, connection, password=password)

    def superuser(self, statement: str) -> str:
        """Runs a statement as the superuser, from inside the pod."""
        command = ["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "postgres", "-c", statement]
        finished = self.run(*command)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout.strip()

    def is_alive(self) -> bool:
        """Returns the result of the replica's liveness probe."""
        return self.run("sh", str(self.node.files / "replica-alive.sh")).returncode == 0


@pytest.fixture(scope="module")
def programs() -> Iterator[Path]:
    with _directory() as directory:
        yield programs_from_wheel(directory)


def _descendants(pid: int) -> list[int]:
    children = [
        int(status.parent.name)
        for status in Path("/proc").glob("[0-9]*/status")
        if f"\nPPid:\t{pid}\n" in _text(status)
    ]
    return [*children, *(other for child in children for other in _descendants(child))]


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process ended meanwhile
        return ""


@pytest.fixture
def node(programs: Path) -> Iterator[Node]:
    with _directory() as directory:
        shutil.copytree(_FILES, directory / "files")
        yield Node(directory, programs)


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="boutique-postgres-chart-", dir=_MEMORY) as name:
        directory = Path(name)
        directory.chmod(0o755)
        yield directory


@contextlib.contextmanager
def _pod(pod: Pod) -> Iterator[Pod]:
    try:
        pod.start()
        yield pod
    finally:
        if pod.process is not None and pod.process.poll() is None:
            pod.kill()


def _primary(node: Node) -> Pod:
    secret = {"APP_PASSWORD": "it's", "REPLICATION_PASSWORD": "follow me"}
    return Pod(node, "primary", "primary.sh", secret)


def _replica(node: Node, primary: Pod) -> Pod:
    connection = f"host=127.0.0.1 port={primary.port} user=replication"
    environment = {"PRIMARY": connection, "POD_NAME": "product-data-replica-0", "PGPASSWORD": "follow me"}
    return Pod(node, "replica", "replica.sh", environment)


@pytest.fixture
def primary(node: Node) -> Iterator[Pod]:
    with _pod(_primary(node)) as pod:
        pod.ask("CREATE TABLE products (id text PRIMARY KEY)")
        yield pod


@pytest.fixture
def replica(node: Node, primary: Pod) -> Iterator[Pod]:
    with _pod(_replica(node, primary)) as pod:
        yield pod


def _products_appear(pod: Pod, expected: str) -> bool:
    deadline = time.monotonic() + STARTUP_SECONDS
    while pod.ask("SELECT string_agg(id, ',' ORDER BY id) FROM products") != expected:
        if time.monotonic() > deadline:
            return False
    return True


def test_a_committed_row_survives_a_killed_primary(primary: Pod) -> None:
    primary.ask("INSERT INTO products VALUES ('mug')")
    primary.kill()
    primary.start()
    assert primary.ask("SELECT id FROM products") == "mug"


def test_a_primary_killed_while_it_creates_its_database_creates_it_again(node: Node) -> None:
    pod = _primary(node)
    pod.run("mkdir", "-p", f"{pod.environment['PGDATA']}.unfinished/base")
    with _pod(pod):
        assert pod.ask("SELECT 1") == "1"


def test_the_application_can_create_schemas_and_tables(primary: Pod) -> None:
    primary.ask("CREATE SCHEMA catalog; CREATE TABLE catalog.products (id text)")


def test_the_application_cannot_administer_the_server(primary: Pod) -> None:
    for statement in ("CREATE ROLE intruder", "CREATE DATABASE another", "ALTER SYSTEM SET fsync = off"):
        assert "permission denied" in primary.query(statement, "boutique", "it's").stderr


@pytest.mark.parametrize("user", ["postgres", "replication"])
def test_neither_superuser_nor_replication_role_can_read_data_over_the_network(primary: Pod, user: str) -> None:
    assert "pg_hba.conf rejects connection" in primary.query("SELECT 1", user, "follow me").stderr


def test_a_wrong_password_is_refused(primary: Pod) -> None:
    assert "password authentication failed" in primary.query("SELECT 1", "boutique", "wrong").stderr


def test_a_changed_secret_takes_effect_at_the_next_start(primary: Pod) -> None:
    primary.stop()
    primary.environment["APP_PASSWORD"] = "another"
    primary.start()
    assert primary.ask("SELECT 1", password="another") == "1"
    assert "password authentication failed" in primary.query("SELECT 1", "boutique", "it's").stderr


def test_neither_a_password_nor_a_probe_is_in_the_log(primary: Pod) -> None:
    log = (primary.directory / "log").read_text()
    assert "ready to accept connections" in log
    assert "rejects connection" not in log
    assert not any(secret in log for secret in ("it's", "follow me"))


def test_a_replica_has_the_data_of_its_primary_and_refuses_writes(primary: Pod, replica: Pod) -> None:
    primary.ask("INSERT INTO products VALUES ('mug')")
    assert _products_appear(replica, "mug")
    assert "read-only transaction" in replica.query("INSERT INTO products VALUES ('hat')", "boutique", "it's").stderr


def test_a_replica_can_be_read_and_started_while_its_primary_is_down(primary: Pod, replica: Pod) -> None:
    primary.ask("INSERT INTO products VALUES ('mug')")
    assert _products_appear(replica, "mug")
    primary.stop()
    assert replica.is_alive()
    replica.kill()
    replica.start()
    assert replica.ask("SELECT id FROM products") == "mug"
    primary.start()
    primary.ask("INSERT INTO products VALUES ('hat')")
    assert _products_appear(replica, "hat,mug")


def test_a_replica_that_missed_too_much_clones_its_primary_again(primary: Pod, replica: Pod) -> None:
    assert replica.is_alive()
    replica.stop()
    primary.superuser("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
    primary.ask("INSERT INTO products VALUES ('mug')")
    primary.superuser("SELECT pg_switch_wal()")
    primary.superuser("CHECKPOINT")
    assert not replica.is_alive()
    replica.start()
    assert replica.is_alive()
    assert _products_appear(replica, "mug")


def test_a_replica_clones_its_primary_again_after_the_database_was_replaced(primary: Pod, replica: Pod) -> None:
    primary.stop()
    primary.run("rm", "-r", primary.environment["PGDATA"])
    primary.start()
    primary.ask("CREATE TABLE products (id text PRIMARY KEY)")
    for product in ("newer", "newest", "new"):
        primary.ask(f"INSERT INTO products VALUES ('{product}')")
        primary.superuser("SELECT pg_switch_wal()")  # gets ahead of the replaced database
    primary.superuser("SELECT pg_create_physical_replication_slot('product_data_replica_0', true)")
    assert not replica.is_alive()
    replica.kill()
    replica.start()
    assert _products_appear(replica, "new,newer,newest")


def test_a_replica_clones_its_primary_again_after_a_restore_to_an_earlier_state(primary: Pod, replica: Pod) -> None:
    data = primary.environment["PGDATA"]
    primary.stop()
    primary.run("cp", "-a", data, f"{data}.backup")
    primary.start()
    primary.ask("INSERT INTO products SELECT generate_series(1, 10000)")
    assert _products_appear(replica, primary.ask("SELECT string_agg(id, ',' ORDER BY id) FROM products"))
    primary.stop()
    replica.stop()
    primary.run("rm", "-r", data)
    primary.run("mv", f"{data}.backup", data)
    primary.start()
    replica.start()
    assert replica.ask("SELECT count(*) FROM products") == "0"


def test_a_replica_clones_its_primary_again_after_a_change_of_timeline(primary: Pod, replica: Pod) -> None:
    data = primary.environment["PGDATA"]
    replica.stop()
    primary.stop()
    primary.run("touch", f"{data}/recovery.signal")
    primary.run("sh", "-c", f"echo \"restore_command = 'false'\" >> {data}/postgresql.auto.conf")
    primary.start()
    replica.start()
    assert replica.is_alive()
    assert "The primary is on another timeline" in (replica.directory / "log").read_text()
