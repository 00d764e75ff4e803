"""E-mail alarms for what a person should look at before shoppers notice. Each says what to do.

Left out on purpose: CPU credits (current T classes continue without them, at a price that counts toward the budget),
connections (their limit grows with the instance's memory, and services hold few), CPU (insights show where it goes).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_aws import cloudwatch, sns

from infra.aws.cache import Cache
from infra.aws.database import Database
from infra.aws.encryption import create_key
from infra.aws.iam import document
from infra.aws.naming import Naming

_MINUTE = 60
_GIBIBYTE = 2**30
_FREE_STORAGE_PERCENT = 5
"""Below the 10 % at which RDS adds storage by itself, so it is reached only if that did not help."""
_LAG_SECONDS = 600
"""A replica of an idle Postgres lags by up to 300. Source: RDS user guide, monitoring of read replicas, PostgreSQL."""
_MEMORY_PERCENT = 80
_ERRORS_IN_FIVE_MINUTES = 10

Dimensions = Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True)
class LoadBalancerMetrics:
    """The load balancer's dimensions in CloudWatch.

    Args:
        arn_suffix: The load balancer's, which CloudWatch uses as its name.
        target_groups: The `arn_suffix` of each service's target group.
    """

    arn_suffix: pulumi.Input[str]
    target_groups: Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True)
class AlarmsArgs:
    """The arguments of the alarms.

    Args:
        account: The id of the AWS account.
        email: Receives the mail, once its owner has confirmed the subscription.
        storage: The database's initial storage in GiB.
        caches: The caches, by the names of their stores.
    """

    naming: Naming
    account: str
    email: str
    database: Database
    storage: int
    caches: Mapping[str, Cache]
    load_balancer: LoadBalancerMetrics | None


@dataclass(frozen=True)
class AlarmSpec:
    """An alarm: a metric that was beyond a threshold for all of the last `minutes`, in steps of five.

    Args:
        description: The meaning of the alarm, and what to do.
        above: Whether values above the threshold raise the alarm, rather than values below it.
        missing: How missing values are treated.
    """

    name: str
    description: str
    namespace: str
    metric: str
    dimensions: Dimensions
    statistic: Literal["Average", "Maximum", "Minimum", "Sum"]
    threshold: float
    minutes: int
    missing: Literal["breaching", "ignore", "notBreaching"]
    above: bool = True


class Alarms(pulumi.ComponentResource):
    """The alarms of a stack.

    Attributes:
        topic_arn: The topic that sends the mail.
    """

    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:aws:Alarms", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        key = create_key("alarms", args.naming, policy=_alarms_key_policy(args.account), opts=child)
        topic = sns.Topic("alarms", name=args.naming.name("alarms"), kms_master_key_id=key.arn, opts=child)
        sns.TopicSubscription("alarms", topic=topic.arn, protocol="email", endpoint=args.email, opts=child)
        self.topic_arn = topic.arn
        specs = [
            *_database_alarms(args.database, args.storage),
            *(spec for cache_name, cache in args.caches.items() for spec in _cache_alarms(cache_name, cache)),
            *(_load_balancer_alarms(args.load_balancer) if args.load_balancer else ()),
        ]
        for spec in specs:
            cloudwatch.MetricAlarm(
                spec.name,
                name=args.naming.name(spec.name),
                alarm_description=spec.description,
                namespace=spec.namespace,
                metric_name=spec.metric,
                dimensions=spec.dimensions,
                statistic=spec.statistic,
                comparison_operator="GreaterThanThreshold" if spec.above else "LessThanThreshold",
                threshold=spec.threshold,
                period=5 * _MINUTE,
                evaluation_periods=spec.minutes // 5,
                treat_missing_data=spec.missing,
                alarm_actions=[topic.arn],
                ok_actions=[topic.arn],
                opts=child,
            )
        self.register_outputs({"topicArn": self.topic_arn})


def _database_alarms(database: Database, storage: int) -> Iterator[AlarmSpec]:
    replicas = {
        f"database-replica-{number}": identifier
        for number, identifier in enumerate(database.replica_identifiers, start=1)
    }
    for name, identifier in {"database": database.identifier, **replicas}.items():
        yield AlarmSpec(
            f"{name}-storage",
            "The database is nearly full, and RDS has not added storage: raise database.maximumStorage in the "
            "stack's file, or look for what has grown, such as a replication slot that nothing reads.",
            namespace="AWS/RDS",
            metric="FreeStorageSpace",
            dimensions={"DBInstanceIdentifier": identifier},
            statistic="Minimum",
            above=False,
            threshold=storage * _GIBIBYTE * _FREE_STORAGE_PERCENT / 100,
            minutes=15,
            # A database that restarts reports nothing, which says nothing about its storage.
            missing="ignore",
        )
    for name, identifier in replicas.items():
        yield AlarmSpec(
            f"{name}-lag",
            "The replica is far behind or has stopped, so shoppers see old products. Look for long transactions and "
            "high load on it. If it has stopped, replace it: `pulumi up --replace` with its URN.",
            namespace="AWS/RDS",
            metric="ReplicaLag",
            dimensions={"DBInstanceIdentifier": identifier},
            statistic="Average",
            threshold=_LAG_SECONDS,
            minutes=15,
            # A replica that has stopped reports nothing.
            missing="breaching",
        )


def _cache_alarms(name: str, cache: Cache) -> Iterator[AlarmSpec]:
    """Yields alarms for each node: on memory if the cache never evicts, else on evictions, since it may be full."""
    for number, node in enumerate(cache.nodes, start=1):
        if cache.eviction == "noeviction":
            yield AlarmSpec(
                f"{name}-{number}-memory",
                f"{name} is filling up, and refuses writes when full: choose a larger nodeType in the stack's file.",
                namespace="AWS/ElastiCache",
                metric="DatabaseMemoryUsagePercentage",
                dimensions={"CacheClusterId": node},
                statistic="Maximum",
                threshold=_MEMORY_PERCENT,
                minutes=15,
                # A node that restarts or is replaced reports nothing, which says nothing about its memory.
                missing="ignore",
            )
        else:
            yield AlarmSpec(
                f"{name}-{number}-evictions",
                f"{name} is full and evicts data that is still in use: choose a larger nodeType in the stack's file.",
                namespace="AWS/ElastiCache",
                metric="Evictions",
                dimensions={"CacheClusterId": node},
                statistic="Sum",
                threshold=0,
                minutes=15,
                missing="notBreaching",
            )


def _load_balancer_alarms(load_balancer: LoadBalancerMetrics) -> Iterator[AlarmSpec]:
    balancer: Dimensions = {"LoadBalancer": load_balancer.arn_suffix}
    yield AlarmSpec(
        "load-balancer-errors",
        "No pod responds to the load balancer: see `kubectl get pods`, then the pods' events.",
        namespace="AWS/ApplicationELB",
        metric="HTTPCode_ELB_5XX_Count",
        dimensions=balancer,
        statistic="Sum",
        threshold=_ERRORS_IN_FIVE_MINUTES,
        minutes=10,
        # Only errors are counted, so no value means no error.
        missing="notBreaching",
    )
    yield AlarmSpec(
        "shop-errors",
        "The shop itself responds with errors: see `kubectl logs deployment/frontend`, and the latest deployment.",
        namespace="AWS/ApplicationELB",
        metric="HTTPCode_Target_5XX_Count",
        dimensions=balancer,
        statistic="Sum",
        threshold=_ERRORS_IN_FIVE_MINUTES,
        minutes=10,
        missing="notBreaching",
    )
    for service, target_group in load_balancer.target_groups.items():
        yield AlarmSpec(
            f"{service}-unhealthy",
            f"Pods of {service} do not pass the load balancer's health check: see `kubectl logs deployment/{service}`.",
            namespace="AWS/ApplicationELB",
            metric="UnHealthyHostCount",
            dimensions={**balancer, "TargetGroup": target_group},
            statistic="Maximum",
            threshold=0,
            minutes=10,
            # Without pods there is no value, as before the first deployment. The alarms on errors cover that case.
            missing="notBreaching",
        )


def _alarms_key_policy(account: str) -> pulumi.Output[str]:
    """Returns a key policy that lets CloudWatch send to the topic. Source: SNS developer guide, encryption at rest."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        },
    )
