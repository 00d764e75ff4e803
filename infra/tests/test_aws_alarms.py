"""The alarms of each stack."""

import json
from typing import Any

import pytest

from infra.aws.alarms import Alarms, AlarmsArgs, LoadBalancerMetrics
from infra.aws.cache import Cache, CacheArgs, Eviction
from infra.aws.database import Database, DatabaseArgs
from infra.aws.naming import Naming
from infra.config.aws import CacheSettings
from infra.tests.conftest import AWS_STACKS, PLACEMENT, Graph, Graphed, aws_settings

EDGE = LoadBalancerMetrics(arn_suffix="app/shop/1", target_groups={"frontend": "targetgroup/frontend/1"})


def alarms(stack: str, load_balancer: LoadBalancerMetrics | None = EDGE) -> None:
    settings = aws_settings(stack)
    naming = Naming(stack)

    def cache(name: str, its: CacheSettings, eviction: Eviction) -> Cache:
        return Cache(
            name,
            CacheArgs(
                naming=naming,
                settings=its,
                eviction=eviction,
                placement=PLACEMENT,
                protected=False,
                final_snapshot=False,
            ),
        )

    database = Database(
        "database",
        DatabaseArgs(
            naming=naming,
            settings=settings.database,
            placement=PLACEMENT,
            protected=False,
            final_snapshot=False,
        ),
    )
    args = AlarmsArgs(
        naming=naming,
        account=settings.account,
        email=settings.alarms,
        database=database,
        storage=settings.database.storage,
        caches={
            "cart-data": cache("cart-data", settings.caches.carts, "noeviction"),
            "session-data": cache("session-data", settings.caches.sessions, "volatile-lru"),
        },
        load_balancer=load_balancer,
    )
    Alarms("alarms", args)


def of(graph: Graph) -> dict[str, dict[str, Any]]:
    return graph.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")


@pytest.fixture(scope="module")
def graphs(graphed: Graphed) -> dict[str, Graph]:
    return {stack: graphed(lambda stack=stack: alarms(stack)) for stack in AWS_STACKS}  # type: ignore[misc]


@pytest.fixture(scope="module")
def prod(graphs: dict[str, Graph]) -> dict[str, dict[str, Any]]:
    return of(graphs["prod"])


def test_prod_has_alarms_for_every_member_of_every_store_and_the_load_balancer(prod: dict[str, dict[str, Any]]) -> None:
    assert prod.keys() == {
        "database-storage",
        "database-replica-1-storage",
        "database-replica-2-storage",
        "database-replica-1-lag",
        "database-replica-2-lag",
        "cart-data-1-memory",
        "cart-data-2-memory",
        "cart-data-3-memory",
        "session-data-1-evictions",
        "session-data-2-evictions",
        "session-data-3-evictions",
        "load-balancer-errors",
        "shop-errors",
        "frontend-unhealthy",
    }


def test_demo_has_alarms_for_its_own_resources(graphs: dict[str, Graph]) -> None:
    assert of(graphs["demo"]).keys() == {
        "database-storage",
        "cart-data-1-memory",
        "session-data-1-evictions",
        "load-balancer-errors",
        "shop-errors",
        "frontend-unhealthy",
    }


def test_without_a_load_balancer_there_are_only_alarms_for_stores(graphed: Graphed) -> None:
    watched = of(graphed(lambda: alarms("demo", load_balancer=None)))
    assert watched.keys() == {"database-storage", "cart-data-1-memory", "session-data-1-evictions"}


@pytest.mark.parametrize("stack", AWS_STACKS)
def test_mail_is_sent_when_an_alarm_starts_and_when_it_ends(graphs: dict[str, Graph], stack: str) -> None:
    graph = graphs[stack]
    (subscription,) = graph.of_type("aws:sns/topicSubscription:TopicSubscription").values()

    assert subscription["topic"] == "alarms.arn"
    assert (subscription["protocol"], subscription["endpoint"]) == ("email", aws_settings(stack).alarms)
    for name, alarm in of(graph).items():
        assert alarm["alarmActions"] == alarm["okActions"] == ["alarms.arn"]
        assert alarm["name"] == f"boutique-{stack}-{name}"
        assert alarm["alarmDescription"].endswith(".")


def test_notifications_are_encrypted_with_a_key_that_cloudwatch_of_this_account_may_use(
    graphs: dict[str, Graph],
) -> None:
    (topic,) = graphs["prod"].of_type("aws:sns/topic:Topic").values()
    key = graphs["prod"].of_type("aws:kms/key:Key")["alarms"]
    administrators, cloudwatch = json.loads(key["policy"])["Statement"]

    assert topic["kmsMasterKeyId"] == "alarms.arn"
    assert administrators["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert cloudwatch["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert cloudwatch["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert cloudwatch["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_the_storage_alarm_is_below_the_point_at_which_rds_adds_storage(prod: dict[str, dict[str, Any]]) -> None:
    alarm = prod["database-storage"]
    assert alarm["dimensions"] == {"DBInstanceIdentifier": "boutique-prod-database"}
    assert (alarm["metricName"], alarm["comparisonOperator"]) == ("FreeStorageSpace", "LessThanThreshold")
    assert alarm["threshold"] == 5 * 2**30  # 5 % of 100 GiB, where RDS acts at 10 %


def test_a_silent_replica_raises_the_alarm_but_not_the_lag_of_an_idle_primary(prod: dict[str, dict[str, Any]]) -> None:
    alarm = prod["database-replica-2-lag"]
    assert alarm["dimensions"] == {"DBInstanceIdentifier": "boutique-prod-database-replica-2"}
    assert alarm["treatMissingData"] == "breaching"
    assert alarm["threshold"] > 300  # what a replica of an idle Postgres reports


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("database-storage", "ignore"),
        ("cart-data-1-memory", "ignore"),
        ("session-data-1-evictions", "notBreaching"),
        ("load-balancer-errors", "notBreaching"),
        ("shop-errors", "notBreaching"),
        ("frontend-unhealthy", "notBreaching"),
    ],
)
def test_missing_values_of_other_metrics_raise_no_alarm(
    prod: dict[str, dict[str, Any]], name: str, missing: str
) -> None:
    assert prod[name]["treatMissingData"] == missing


def test_carts_raise_the_alarm_before_writes_fail_and_sessions_once_they_are_evicted(
    prod: dict[str, dict[str, Any]],
) -> None:
    carts, sessions = prod["cart-data-2-memory"], prod["session-data-3-evictions"]
    assert carts["dimensions"] == {"CacheClusterId": "boutique-prod-cart-data-002"}
    assert (carts["metricName"], carts["threshold"]) == ("DatabaseMemoryUsagePercentage", 80)
    assert sessions["dimensions"] == {"CacheClusterId": "boutique-prod-session-data-003"}
    assert (sessions["metricName"], sessions["statistic"], sessions["threshold"]) == ("Evictions", "Sum", 0)


def test_errors_of_the_load_balancer_and_of_the_shop_have_separate_alarms(prod: dict[str, dict[str, Any]]) -> None:
    assert prod["load-balancer-errors"]["metricName"] == "HTTPCode_ELB_5XX_Count"
    assert prod["shop-errors"]["metricName"] == "HTTPCode_Target_5XX_Count"
    for name in ("load-balancer-errors", "shop-errors"):
        assert prod[name]["dimensions"] == {"LoadBalancer": "app/shop/1"}
    assert prod["frontend-unhealthy"]["dimensions"] == {
        "LoadBalancer": "app/shop/1",
        "TargetGroup": "targetgroup/frontend/1",
    }
