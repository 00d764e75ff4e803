"""Tests the stores of a rehearsal as the services use managed stores: verified TLS, secrets, and replicas."""

import asyncio
import json
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import asyncpg
import boto3
import pytest
import pytest_asyncio
import redis.exceptions
from moto.server import ThreadedMotoServer
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from boutique_cart.store import open_store
from boutique_development_servers.processes import free_port
from boutique_offline.node.certificates import KeyPair, create_authority
from boutique_offline.plugins.serving import PluginError
from boutique_offline.rehearsal.stores.data import data_directory, remove
from boutique_offline.rehearsal.stores.managed_stores import Description, Endpoint, ManagedStores, PostgresDescription
from boutique_offline.rehearsal.stores.supervisor import Supervisor, open_supervisor
from boutique_offline.rehearsal.stores.tls_proxy import CertificateIssuer
from boutique_runtime.migration import migrate
from boutique_runtime.postgres import PostgresSettings, create_pool
from boutique_runtime.redis import RedisSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")

REGION, OTHER_REGION = "eu-central-1", "eu-west-1"
DATABASE, REPLICA, CARTS = "shop-database", "shop-database-replica-1", "shop-cart-data"
WAIT_SECONDS = 60


@dataclass
class Cloud:
    """Clients of the emulated account."""

    rds: Any
    elasticache: Any
    secrets_manager: Any

    @classmethod
    def of(cls, region: str) -> Self:
        session = boto3.Session(region_name=region)
        return cls(session.client("rds"), session.client("elasticache"), session.client("secretsmanager"))

    def put_secret(self, name: str, username: str, password: str) -> str:
        """Creates or changes a secret and returns its ARN."""
        text = json.dumps({"username": username, "password": password})
        try:
            return str(self.secrets_manager.create_secret(Name=name, SecretString=text)["ARN"])
        except self.secrets_manager.exceptions.ResourceExistsException:
            return str(self.secrets_manager.put_secret_value(SecretId=name, SecretString=text)["ARN"])

    def create_database(self, name: str, password: str) -> str:
        self.rds.create_db_instance(
            DBInstanceIdentifier=name,
            Engine="postgres",
            DBInstanceClass="db.t4g.micro",
            DBName="boutique",
            MasterUsername="boutique",
            MasterUserPassword=password,
            AllocatedStorage=20,
            Port=5432,
        )
        return self.put_secret(name, "boutique", password)

    def create_cache(self, name: str, token: str) -> str:
        self.elasticache.create_replication_group(
            ReplicationGroupId=name,
            ReplicationGroupDescription=name,
            Engine="redis",
            CacheNodeType="cache.t4g.micro",
            NumCacheClusters=2,
            Port=6379,
            AuthToken=token,
            TransitEncryptionEnabled=True,
        )
        return self.put_secret(name, "default", token)


class StoresWithReplicas(ManagedStores):
    """Adds to each cache a replica with an endpoint, which moto itself lacks."""

    def describe(self) -> dict[str, Description]:
        return {name: self._with_replica(description) for name, description in super().describe().items()}

    def _with_replica(self, description: Description) -> Description:
        if isinstance(description, PostgresDescription):
            return description
        readers = Endpoint(description.primary.host.replace("master.", "replica.", 1), description.primary.port)
        return replace(description, readers=readers, replicas=1)


@dataclass
class RehearsedStores:
    cloud: Cloud
    supervisor: Supervisor
    secrets: dict[str, str]

    @property
    def ca(self) -> Path:
        return self.supervisor.issuer.ca.certificate

    def address(self, host: str) -> str:
        """Returns the proxy's address for the host that starts with these labels."""
        published = json.loads((self.supervisor.state / "stores.json").read_text())
        (found,) = [endpoint for name, endpoint in published.items() if name.startswith(f"{host}.")]
        return str(found["address"])

    def settings(self, address: str, **changed: Any) -> PostgresSettings:
        given: dict[str, Any] = {
            "addr": address,
            "database": "boutique",
            "secret": self.secrets[DATABASE],
            "tls": True,
            "ca_certificate": self.ca,
        }
        return PostgresSettings(**(given | changed))


@pytest.fixture(scope="module")
def account_url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    with pytest.MonkeyPatch.context() as environment:
        url = "http://{}:{}".format(*server.get_host_and_port())
        environment.setenv("BOUTIQUE_AWS_ENDPOINT", url)
        environment.setenv("AWS_ENDPOINT_URL", url)
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        yield url
    server.stop()


@pytest.fixture(scope="module")
def cloud(account_url: str) -> Cloud:
    return Cloud.of(REGION)


@pytest.fixture
def elsewhere(account_url: str) -> Cloud:
    """Returns clients of a region without resources."""
    return Cloud.of(OTHER_REGION)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    remove(tmp_path)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> KeyPair:
    directory = tmp_path_factory.mktemp("authority")
    pair = KeyPair(directory / "rehearsal.crt", directory / "rehearsal.key")
    create_authority(pair)
    return pair


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rehearsed(
    cloud: Cloud, authority: KeyPair, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RehearsedStores]:
    """Runs a database and a cache, each with a replica."""
    secrets = {DATABASE: cloud.create_database(DATABASE, "first"), CARTS: cloud.create_cache(CARTS, "first-token")}
    cloud.rds.create_db_instance_read_replica(DBInstanceIdentifier=REPLICA, SourceDBInstanceIdentifier=DATABASE)
    state = tmp_path_factory.mktemp("stores")
    issuer = CertificateIssuer(authority, "127.0.0.1", state)
    try:
        async with open_supervisor(state, StoresWithReplicas(REGION), issuer) as supervisor:
            await supervisor.reconcile()
            yield RehearsedStores(cloud, supervisor, secrets)
    finally:
        remove(state)


async def prepare(connection: Any) -> None:
    await connection.execute("CREATE TABLE IF NOT EXISTS mugs (name text)")


async def connect(rehearsed: RehearsedStores, **changed: Any) -> Any:
    """Connects to the database as a client of RDS does."""
    host, _, port = rehearsed.address(DATABASE).rpartition(":")
    context = ssl.create_default_context(cafile=rehearsed.ca)
    given: dict[str, Any] = {"host": host, "port": int(port), "user": "boutique", "password": "first", "ssl": context}
    return await asyncpg.connect(database="boutique", **(given | changed))


# ---- Postgres ----


async def test_a_migration_and_a_service_need_only_the_secret_to_use_the_database(rehearsed: RehearsedStores) -> None:
    settings = rehearsed.settings(rehearsed.address(DATABASE))
    await migrate(settings, "one", prepare)
    address = settings.addr
    async with create_pool(settings, address, settings.credentials(), service="one", connections=1) as pool:
        assert await pool.fetchval("SELECT current_user") == "boutique"
        assert await pool.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


async def test_a_read_replica_shows_committed_rows_and_rejects_writes(rehearsed: RehearsedStores) -> None:
    settings = rehearsed.settings(rehearsed.address(DATABASE))
    await migrate(settings, "one", prepare)
    credentials, replica = settings.credentials(), rehearsed.address(REPLICA)
    async with (
        create_pool(settings, settings.addr, credentials, service="one", connections=1) as primary,
        create_pool(settings, replica, credentials, service="one", connections=1) as pool,
    ):
        await primary.execute("INSERT INTO mugs VALUES ('seen by all')")
        async with asyncio.timeout(WAIT_SECONDS):
            while not await pool.fetchval("SELECT true FROM mugs WHERE name = 'seen by all'"):
                pass
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await pool.execute("INSERT INTO mugs VALUES ('nobody sees it')")


async def test_a_database_rejects_connections_without_tls(rehearsed: RehearsedStores) -> None:
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="no encryption"):
        await connect(rehearsed, ssl=False)


async def test_a_database_rejects_a_wrong_password(rehearsed: RehearsedStores) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(rehearsed, password="wrong")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(rehearsed, user="postgres", password="")


async def test_a_certificate_is_rejected_without_its_ca_and_for_another_host(rehearsed: RehearsedStores) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed"):
        await connect(rehearsed, ssl=ssl.create_default_context())
    with pytest.raises(ssl.SSLCertVerificationError, match="not valid for 'localhost'"):
        await connect(rehearsed, host="localhost")


async def test_a_client_without_a_ca_setting_trusts_the_cas_of_the_system(
    rehearsed: RehearsedStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(rehearsed.ca))
    settings = rehearsed.settings(rehearsed.address(DATABASE), ca_certificate=None)
    await migrate(settings, "one", prepare)


async def test_logins_succeed_after_the_password_of_a_database_changes(rehearsed: RehearsedStores) -> None:
    settings = rehearsed.settings(rehearsed.address(DATABASE))
    credentials = settings.credentials()
    await credentials.current()
    rehearsed.cloud.put_secret(DATABASE, "boutique", "second")
    await rehearsed.supervisor.reconcile()
    try:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await connect(rehearsed)
        address = settings.addr
        async with create_pool(settings, address, credentials, service="one", connections=1) as pool:
            assert await pool.fetchval("SELECT true")
    finally:
        rehearsed.cloud.put_secret(DATABASE, "boutique", "first")
        await rehearsed.supervisor.reconcile()


# ---- Redis ----


def cart_settings(rehearsed: RehearsedStores, **changed: Any) -> RedisSettings:
    given: dict[str, Any] = {
        "addr": rehearsed.address(f"master.{CARTS}"),
        "replica_addr": rehearsed.address(f"replica.{CARTS}"),
        "secret": rehearsed.secrets[CARTS],
        "tls": True,
        "ca_certificate": rehearsed.ca,
    }
    return RedisSettings(**(given | changed))


def client(address: str, **options: Any) -> Redis:
    host, _, port = address.rpartition(":")
    once = Retry(NoBackoff(), 0)
    return Redis(host=host, port=int(port), ssl=True, socket_timeout=10, retry=once, **options)


async def test_a_cart_needs_only_the_secret_of_the_cache_and_reaches_the_replica(
    rehearsed: RehearsedStores,
) -> None:
    async with open_store(cart_settings(rehearsed)) as store:
        await store.add("ada", "mug", 2)
        assert await store.get("ada") == {"mug": 2}
    readers = cart_settings(rehearsed).replica_addr
    assert readers is not None
    options = {"password": "first-token", "ssl_ca_certs": str(rehearsed.ca), "decode_responses": True}
    async with client(readers, **options) as replica:
        assert (await replica.info("replication"))["role"] == "slave"
        async with asyncio.timeout(WAIT_SECONDS):
            while await replica.hgetall("cart:{ada}") != {"mug": "2"}:
                pass


async def test_carts_are_readable_after_the_token_of_a_cache_changes(rehearsed: RehearsedStores) -> None:
    settings = cart_settings(rehearsed)
    async with open_store(settings) as store:
        await store.add("grace", "mug", 1)
        rehearsed.cloud.put_secret(CARTS, "default", "second-token")
        await rehearsed.supervisor.reconcile()
        try:
            trusted = {"password": "second-token", "ssl_ca_certs": str(rehearsed.ca)}
            async with client(settings.addr, **trusted) as operator:
                await operator.client_kill_filter(_type="normal", skipme=True)
            assert await store.get("grace") == {"mug": 1}
        finally:
            rehearsed.cloud.put_secret(CARTS, "default", "first-token")
            await rehearsed.supervisor.reconcile()


async def test_a_cache_rejects_clients_without_its_token_or_its_ca(rehearsed: RehearsedStores) -> None:
    address = cart_settings(rehearsed).addr
    trusted = {"ssl_ca_certs": str(rehearsed.ca)}
    async with client(address, **trusted) as anonymous:
        with pytest.raises(redis.exceptions.AuthenticationError):
            await anonymous.ping()
    async with client(address, password="first-token") as distrustful:
        with pytest.raises(redis.exceptions.ConnectionError, match="certificate verify failed"):
            await distrustful.ping()


# ---- Lifecycle ----


async def test_data_survives_a_restart_and_is_removed_with_the_store(
    elsewhere: Cloud, authority: KeyPair, state: Path
) -> None:
    secrets = {DATABASE: elsewhere.create_database(DATABASE, "secret")}
    issuer = CertificateIssuer(authority, "127.0.0.1", state)

    async def do(supervisor: Supervisor, statement: str) -> None:
        rehearsed = RehearsedStores(elsewhere, supervisor, secrets)
        await migrate(rehearsed.settings(rehearsed.address(DATABASE)), "one", lambda one: one.execute(statement))

    async with open_supervisor(state, ManagedStores(OTHER_REGION), issuer) as supervisor:
        await supervisor.reconcile()
        await do(supervisor, "CREATE TABLE mugs (name text)")
    async with open_supervisor(state, ManagedStores(OTHER_REGION), issuer) as supervisor:
        await supervisor.reconcile()
        await do(supervisor, "INSERT INTO mugs VALUES ('kept')")
        elsewhere.rds.delete_db_instance(DBInstanceIdentifier=DATABASE, SkipFinalSnapshot=True)
        await supervisor.reconcile()
        assert json.loads((state / "stores.json").read_text()) == {}
        assert list((data_directory(state) / "stores").iterdir()) == []


async def test_stores_are_kept_while_the_account_does_not_respond(
    authority: KeyPair, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOUTIQUE_AWS_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    left = data_directory(state) / "stores" / "left"
    async with open_supervisor(
        state, ManagedStores(REGION), CertificateIssuer(authority, "127.0.0.1", state)
    ) as supervisor:
        left.mkdir(parents=True)
        await supervisor.reconcile()
        assert left.exists()


@pytest.mark.parametrize("endpoint", ["", "https://rds.eu-central-1.amazonaws.com", "http://10.0.0.1:5000"])
async def test_an_endpoint_that_is_not_on_this_machine_is_refused(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOUTIQUE_AWS_ENDPOINT", endpoint)
    with pytest.raises(PluginError, match="BOUTIQUE_AWS_ENDPOINT"):
        ManagedStores(REGION)


async def test_the_process_stops_all_its_stores_when_it_ends(elsewhere: Cloud, authority: KeyPair, state: Path) -> None:
    elsewhere.create_cache(CARTS, "token")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "boutique_offline.rehearsal.stores", "--state", state, "--listen", "127.0.0.1"),
        *("--region", OTHER_REGION, "--ca", authority.certificate, authority.key),
        start_new_session=True,
    )
    async with asyncio.timeout(WAIT_SECONDS):
        while not (state / "stores.json").exists():
            assert process.returncode is None
            await asyncio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
