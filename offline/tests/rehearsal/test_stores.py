"""The stores of a rehearsal, met as the shop's services meet managed ones: TLS that is verified, secrets, replicas."""

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

from boutique_cart.settings import CartSettings
from boutique_cart.store import open_store
from boutique_development_servers.processes import free_port
from boutique_offline.node.certificates import KeyPair, create_authority
from boutique_offline.plugins.serving import PluginError
from boutique_offline.rehearsal.stores.account import Account, Description, Endpoint, PostgresDescription
from boutique_offline.rehearsal.stores.data import data_directory, remove
from boutique_offline.rehearsal.stores.doors import Certifier
from boutique_offline.rehearsal.stores.keeping import Keeper, open_keeper
from boutique_runtime.migration import migrate
from boutique_runtime.postgres import PostgresSettings, create_pool

pytestmark = pytest.mark.asyncio(loop_scope="module")

REGION, OTHER_REGION = "eu-central-1", "eu-west-1"
DATABASE, REPLICA, CARTS = "shop-database", "shop-database-replica-1", "shop-cart-data"
WAIT_SECONDS = 60


@dataclass
class Cloud:
    """The emulated account."""

    rds: Any
    elasticache: Any
    secrets_manager: Any

    @classmethod
    def of(cls, region: str) -> Self:
        session = boto3.Session(region_name=region)
        return cls(session.client("rds"), session.client("elasticache"), session.client("secretsmanager"))

    def keep_secret(self, name: str, username: str, password: str) -> str:
        """Answers its ARN."""
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
        return self.keep_secret(name, "boutique", password)

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
        return self.keep_secret(name, "default", token)


class AccountOfReplicas(Account):
    """moto knows of no replicas of a cache: here each has one, at an endpoint of its own."""

    def stores(self) -> dict[str, Description]:
        return {name: self._with_replica(description) for name, description in super().stores().items()}

    def _with_replica(self, description: Description) -> Description:
        if isinstance(description, PostgresDescription):
            return description
        readers = Endpoint(description.primary.host.replace("master.", "replica.", 1), description.primary.port)
        return replace(description, readers=readers, replicas=1)


@dataclass
class Rehearsed:
    cloud: Cloud
    keeper: Keeper
    secrets: dict[str, str]

    @property
    def authority(self) -> Path:
        return self.keeper.certifier.authority.certificate

    def address(self, host: str) -> str:
        """Where the endpoint is really reached; any part of its host's name will do."""
        published = json.loads((self.keeper.state / "stores.json").read_text())
        (found,) = [endpoint for name, endpoint in published.items() if name.startswith(f"{host}.")]
        return str(found["address"])

    def settings(self, address: str, **changed: Any) -> PostgresSettings:
        given: dict[str, Any] = {
            "product_data_addr": address,
            "product_data_database": "boutique",
            "product_data_secret": self.secrets[DATABASE],
            "product_data_tls": True,
            "product_data_authority": self.authority,
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
    """A region that has nothing yet."""
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
) -> AsyncIterator[Rehearsed]:
    """A database with a read replica and a cache with one, in an account that has them."""
    secrets = {DATABASE: cloud.create_database(DATABASE, "first"), CARTS: cloud.create_cache(CARTS, "first-token")}
    cloud.rds.create_db_instance_read_replica(DBInstanceIdentifier=REPLICA, SourceDBInstanceIdentifier=DATABASE)
    state = tmp_path_factory.mktemp("stores")
    certifier = Certifier(authority, "127.0.0.1", state)
    try:
        async with open_keeper(state, AccountOfReplicas(REGION), certifier) as keeper:
            await keeper.look()
            yield Rehearsed(cloud, keeper, secrets)
    finally:
        remove(state)


async def prepare(connection: Any) -> None:
    await connection.execute("CREATE TABLE IF NOT EXISTS mugs (name text)")


async def connect(rehearsed: Rehearsed, **changed: Any) -> Any:
    """To the database's own port, as a client of RDS does that knows the password."""
    host, _, port = rehearsed.address(DATABASE).rpartition(":")
    context = ssl.create_default_context(cafile=rehearsed.authority)
    given: dict[str, Any] = {"host": host, "port": int(port), "user": "boutique", "password": "first", "ssl": context}
    return await asyncpg.connect(database="boutique", **(given | changed))


# ---- Postgres ----


async def test_a_migration_and_a_service_reach_the_database_with_its_secret_alone(rehearsed: Rehearsed) -> None:
    settings = rehearsed.settings(rehearsed.address(DATABASE))
    await migrate(settings, "one", prepare)
    address = settings.product_data_addr
    async with create_pool(settings, address, settings.credentials(), service="one", connections=1) as pool:
        assert await pool.fetchval("SELECT current_user") == "boutique"
        assert await pool.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


async def test_a_read_replica_shows_what_is_committed_and_takes_no_writes(rehearsed: Rehearsed) -> None:
    settings = rehearsed.settings(rehearsed.address(DATABASE))
    await migrate(settings, "one", prepare)
    credentials, replica = settings.credentials(), rehearsed.address(REPLICA)
    async with (
        create_pool(settings, settings.product_data_addr, credentials, service="one", connections=1) as primary,
        create_pool(settings, replica, credentials, service="one", connections=1) as pool,
    ):
        await primary.execute("INSERT INTO mugs VALUES ('seen by all')")
        async with asyncio.timeout(WAIT_SECONDS):
            while not await pool.fetchval("SELECT true FROM mugs WHERE name = 'seen by all'"):
                pass
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await pool.execute("INSERT INTO mugs VALUES ('nobody sees it')")


async def test_a_database_takes_connections_with_tls_alone(rehearsed: Rehearsed) -> None:
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="no encryption"):
        await connect(rehearsed, ssl=False)


async def test_a_database_lets_nobody_in_with_a_wrong_password(rehearsed: Rehearsed) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(rehearsed, password="wrong")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(rehearsed, user="postgres", password="")


async def test_a_certificate_is_refused_without_its_authority_and_for_another_host(rehearsed: Rehearsed) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed"):
        await connect(rehearsed, ssl=ssl.create_default_context())
    with pytest.raises(ssl.SSLCertVerificationError, match="not valid for 'localhost'"):
        await connect(rehearsed, host="localhost")


async def test_the_system_s_authorities_count_beside_a_store_s_own(
    rehearsed: Rehearsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(rehearsed.authority))
    settings = rehearsed.settings(rehearsed.address(DATABASE), product_data_authority=None)
    await migrate(settings, "one", prepare)


async def test_a_changed_password_of_a_database_costs_no_login(rehearsed: Rehearsed) -> None:
    settings = rehearsed.settings(rehearsed.address(DATABASE))
    credentials = settings.credentials()
    await credentials.current()
    rehearsed.cloud.keep_secret(DATABASE, "boutique", "second")
    await rehearsed.keeper.look()
    try:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await connect(rehearsed)
        address = settings.product_data_addr
        async with create_pool(settings, address, credentials, service="one", connections=1) as pool:
            assert await pool.fetchval("SELECT true")
    finally:
        rehearsed.cloud.keep_secret(DATABASE, "boutique", "first")
        await rehearsed.keeper.look()


# ---- Redis ----


def cart_settings(rehearsed: Rehearsed, **changed: Any) -> CartSettings:
    given: dict[str, Any] = {
        "redis_addr": rehearsed.address(f"master.{CARTS}"),
        "redis_replica_addr": rehearsed.address(f"replica.{CARTS}"),
        "redis_secret": rehearsed.secrets[CARTS],
        "redis_tls": True,
        "redis_authority": rehearsed.authority,
    }
    return CartSettings(**(given | changed))


def client(address: str, **options: Any) -> Redis:
    host, _, port = address.rpartition(":")
    once = Retry(NoBackoff(), 0)
    return Redis(host=host, port=int(port), ssl=True, socket_timeout=10, retry=once, **options)


async def test_a_cart_is_kept_in_the_cache_with_its_secret_alone_and_comes_to_the_replica(
    rehearsed: Rehearsed,
) -> None:
    async with open_store(cart_settings(rehearsed)) as store:
        await store.add("ada", "mug", 2)
        assert await store.get("ada") == {"mug": 2}
    readers = cart_settings(rehearsed).redis_replica_addr
    assert readers is not None
    options = {"password": "first-token", "ssl_ca_certs": str(rehearsed.authority), "decode_responses": True}
    async with client(readers, **options) as replica:
        assert (await replica.info("replication"))["role"] == "slave"
        async with asyncio.timeout(WAIT_SECONDS):
            while await replica.hgetall("cart:{ada}") != {"mug": "2"}:
                pass


async def test_a_changed_token_costs_no_cart(rehearsed: Rehearsed) -> None:
    settings = cart_settings(rehearsed)
    async with open_store(settings) as store:
        await store.add("grace", "mug", 1)
        rehearsed.cloud.keep_secret(CARTS, "default", "second-token")
        await rehearsed.keeper.look()
        try:
            trusted = {"password": "second-token", "ssl_ca_certs": str(rehearsed.authority)}
            async with client(settings.redis_addr, **trusted) as operator:
                await operator.client_kill_filter(_type="normal", skipme=True)
            assert await store.get("grace") == {"mug": 1}
        finally:
            rehearsed.cloud.keep_secret(CARTS, "default", "first-token")
            await rehearsed.keeper.look()


async def test_a_cache_lets_nobody_in_without_its_token_or_its_authority(rehearsed: Rehearsed) -> None:
    address = cart_settings(rehearsed).redis_addr
    trusted = {"ssl_ca_certs": str(rehearsed.authority)}
    async with client(address, **trusted) as anonymous:
        with pytest.raises(redis.exceptions.AuthenticationError):
            await anonymous.ping()
    async with client(address, password="first-token") as distrustful:
        with pytest.raises(redis.exceptions.ConnectionError, match="certificate verify failed"):
            await distrustful.ping()


# ---- What comes and goes ----


async def test_data_stays_when_the_stores_are_started_again_and_goes_with_what_the_account_deletes(
    elsewhere: Cloud, authority: KeyPair, state: Path
) -> None:
    secrets = {DATABASE: elsewhere.create_database(DATABASE, "secret")}
    certifier = Certifier(authority, "127.0.0.1", state)

    async def do(keeper: Keeper, statement: str) -> None:
        rehearsed = Rehearsed(elsewhere, keeper, secrets)
        await migrate(rehearsed.settings(rehearsed.address(DATABASE)), "one", lambda one: one.execute(statement))

    async with open_keeper(state, Account(OTHER_REGION), certifier) as keeper:
        await keeper.look()
        await do(keeper, "CREATE TABLE mugs (name text)")
    async with open_keeper(state, Account(OTHER_REGION), certifier) as keeper:
        await keeper.look()
        await do(keeper, "INSERT INTO mugs VALUES ('kept')")
        elsewhere.rds.delete_db_instance(DBInstanceIdentifier=DATABASE, SkipFinalSnapshot=True)
        await keeper.look()
        assert json.loads((state / "stores.json").read_text()) == {}
        assert list((data_directory(state) / "stores").iterdir()) == []


async def test_stores_stay_while_the_account_does_not_answer(
    authority: KeyPair, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOUTIQUE_AWS_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    left = data_directory(state) / "stores" / "left"
    async with open_keeper(state, Account(REGION), Certifier(authority, "127.0.0.1", state)) as keeper:
        left.mkdir(parents=True)
        await keeper.look()
        assert left.exists()


@pytest.mark.parametrize("endpoint", ["", "https://rds.eu-central-1.amazonaws.com", "http://10.0.0.1:5000"])
async def test_no_account_but_the_emulated_one_is_ever_asked(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOUTIQUE_AWS_ENDPOINT", endpoint)
    with pytest.raises(PluginError, match="BOUTIQUE_AWS_ENDPOINT"):
        Account(REGION)


async def test_the_process_runs_the_stores_and_ends_with_all_of_them(
    elsewhere: Cloud, authority: KeyPair, state: Path
) -> None:
    elsewhere.create_cache(CARTS, "token")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "boutique_offline.rehearsal.stores", "--state", state, "--listen", "127.0.0.1"),
        *("--region", OTHER_REGION, "--authority", authority.certificate, authority.key),
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
