"""The managed stores, as the shop's pods reach them."""

from types import SimpleNamespace
from typing import Any

import pytest

from boutique_definition.stores import Bucket, Postgres, Redis, SecretArn
from infra.aws.managed_stores import reachable_stores
from infra.rds_certificates import ca_certificate
from infra.shop.stores import ReachableStore

NETWORK: Any = SimpleNamespace(cidr="10.0.0.0/20", isolated_cidrs=["10.0.8.0/24", "10.0.9.0/24"])
DATABASE: Any = SimpleNamespace(
    address="database:5432", replica_address="replica:5432", database="boutique", secret_arn="arn:db"
)
CACHE: Any = SimpleNamespace(address="cache:6379", replica_address="reader:6379", secret_arn="arn:cache")
PICTURES: Any = SimpleNamespace(bucket="boutique-dev-pictures")


@pytest.fixture
def stores() -> dict[str, ReachableStore]:
    return reachable_stores("eu-central-1", NETWORK, {"db": DATABASE}, {"cache": CACHE}, {"pictures": PICTURES})


def egress(store: ReachableStore) -> set[tuple[str, int]]:
    """Returns the CIDRs that the rules open, each with its port."""
    rules: Any = store.egress
    return {(peer["ip_block"]["cidr"], port["port"]) for rule in rules for peer in rule["to"] for port in rule["ports"]}


@pytest.mark.parametrize(("name", "port"), [("db", 5432), ("cache", 6379), ("pictures", None)])
def test_pods_reach_a_store_in_its_subnets_and_the_services_that_provide_its_secret(
    stores: dict[str, ReachableStore], name: str, port: int | None
) -> None:
    own = {("10.0.8.0/24", port), ("10.0.9.0/24", port)} if port else set()
    assert egress(stores[name]) == own | {("169.254.170.23/32", 80), ("0.0.0.0/0", 443), ("10.0.0.0/20", 443)}


def test_services_log_in_by_a_secret_over_tls(stores: dict[str, ReachableStore]) -> None:
    database, cache = stores["db"].store, stores["cache"].store
    assert isinstance(database, Postgres)
    assert isinstance(cache, Redis)
    assert (database.login, cache.login) == (SecretArn("arn:db"), SecretArn("arn:cache"))
    assert database.tls
    assert database.tls.ca_certificate == ca_certificate("eu-central-1")
    assert cache.tls
    assert cache.tls.ca_certificate is None


def test_pods_have_access_to_s3_itself_by_their_role(stores: dict[str, ReachableStore]) -> None:
    assert stores["pictures"].store == Bucket("boutique-dev-pictures", "eu-central-1")
