"""Alarms by mail: what a person should look at before shoppers notice. Each says what to do.

Left out on purpose: CPU credits (instances of today's T classes go on without, at a price that the budget sees),
connections (their limit follows the instance's memory, and a service holds few), CPU (insights show where it goes).
"""

from collections.abc import Mapping
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
"""Below the 10 % at which RDS adds storage by itself, so it is reached only where that did not help."""
_LAG_SECONDS = 600
"""A replica of an idle Postgres lags by up to 300. Source: RDS user guide, monitoring of read replicas, PostgreSQL."""
_MEMORY_PERCENT = 80
_ERRORS_IN_FIVE_MINUTES = 10

Dimensions = Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True)
class WatchedLoadBalancer:
    """As CloudWatch names it and its target groups: by their `arn_suffix`, the groups by the services behind them."""

    arn_suffix: pulumi.Input[str]
    target_groups: Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True)
class AlarmsArgs:
    """Mail goes to `email` once its owner has confirmed it. `storage` is the database's at first, in GiB."""

    naming: Naming
    account: str
    email: str
    database: Database
    storage: int
    caches: Mapping[str, Cache]
    load_balancer: WatchedLoadBalancer | None


class Alarms(pulumi.ComponentResource):
    """`topic_arn` is what others may send their own alarms to."""

    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:aws:Alarms", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        key = create_key("alarms", args.naming, policy=_let_alarms_encrypt(args.account), opts=self._child)
        topic = sns.Topic("alarms", name=args.naming.name("alarms"), kms_master_key_id=key.arn, opts=self._child)
        sns.TopicSubscription("alarms", topic=topic.arn, protocol="email", endpoint=args.email, opts=self._child)
        self.topic_arn = topic.arn

        self._watch_database(args.database)
        for cache_name, cache in args.caches.items():
            self._watch_cache(cache_name, cache)
        if args.load_balancer:
            self._watch_load_balancer(args.load_balancer)
        self.register_outputs({"topicArn": self.topic_arn})

    def _watch_database(self, database: Database) -> None:
        replicas = {
            f"database-replica-{number}": identifier
            for number, identifier in enumerate(database.replica_identifiers, start=1)
        }
        for name, identifier in {"database": database.identifier, **replicas}.items():
            self._alarm(
                f"{name}-storage",
                "The database is nearly full, and RDS has not given it more: raise database.maximumStorage in the "
                "stack's file, or look for what grew, such as a replication slot that nothing reads.",
                namespace="AWS/RDS",
                metric="FreeStorageSpace",
                dimensions={"DBInstanceIdentifier": identifier},
                statistic="Minimum",
                comparison="LessThanThreshold",
                threshold=self._args.storage * _GIBIBYTE * _FREE_STORAGE_PERCENT / 100,
                minutes=15,
                # A database that restarts measures nothing: that is no news of its storage.
                missing="ignore",
            )
        for name, identifier in replicas.items():
            self._alarm(
                f"{name}-lag",
                "The replica is far behind, or has stopped: shoppers see old products. Look for long transactions and "
                "load on it; if it has stopped, replace it: `pulumi up --replace` with its URN makes a new one.",
                namespace="AWS/RDS",
                metric="ReplicaLag",
                dimensions={"DBInstanceIdentifier": identifier},
                statistic="Average",
                comparison="GreaterThanThreshold",
                threshold=_LAG_SECONDS,
                minutes=15,
                # A replica that has stopped says nothing more.
                missing="breaching",
            )

    def _watch_cache(self, name: str, cache: Cache) -> None:
        """Where nothing is ever evicted, memory is what runs out; elsewhere full memory is as meant until it evicts."""
        for number, node in enumerate(cache.nodes, start=1):
            if cache.eviction == "noeviction":
                self._alarm(
                    f"{name}-{number}-memory",
                    f"{name} is filling up, and refuses writes when full: choose a larger nodeType in the stack's "
                    "file.",
                    namespace="AWS/ElastiCache",
                    metric="DatabaseMemoryUsagePercentage",
                    dimensions={"CacheClusterId": node},
                    statistic="Maximum",
                    comparison="GreaterThanThreshold",
                    threshold=_MEMORY_PERCENT,
                    minutes=15,
                    # A node that restarts or is replaced measures nothing: that is no news of its memory.
                    missing="ignore",
                )
            else:
                self._alarm(
                    f"{name}-{number}-evictions",
                    f"{name} has no room and forgets what is still in use: choose a larger nodeType in the stack's "
                    "file.",
                    namespace="AWS/ElastiCache",
                    metric="Evictions",
                    dimensions={"CacheClusterId": node},
                    statistic="Sum",
                    comparison="GreaterThanThreshold",
                    threshold=0,
                    minutes=15,
                    missing="notBreaching",
                )

    def _watch_load_balancer(self, load_balancer: WatchedLoadBalancer) -> None:
        balancer: Dimensions = {"LoadBalancer": load_balancer.arn_suffix}
        self._alarm(
            "load-balancer-errors",
            "The load balancer finds no pod that answers: see `make status`, then the pods' events.",
            namespace="AWS/ApplicationELB",
            metric="HTTPCode_ELB_5XX_Count",
            dimensions=balancer,
            statistic="Sum",
            comparison="GreaterThanThreshold",
            threshold=_ERRORS_IN_FIVE_MINUTES,
            minutes=10,
            # Only errors are counted: no number means none.
            missing="notBreaching",
        )
        self._alarm(
            "shop-errors",
            "The shop itself answers with errors: see `make logs SERVICE=frontend`, and what was deployed last.",
            namespace="AWS/ApplicationELB",
            metric="HTTPCode_Target_5XX_Count",
            dimensions=balancer,
            statistic="Sum",
            comparison="GreaterThanThreshold",
            threshold=_ERRORS_IN_FIVE_MINUTES,
            minutes=10,
            missing="notBreaching",
        )
        for service, target_group in load_balancer.target_groups.items():
            self._alarm(
                f"{service}-unhealthy",
                f"Pods of {service} do not pass the load balancer's health check: see `make logs SERVICE={service}`.",
                namespace="AWS/ApplicationELB",
                metric="UnHealthyHostCount",
                dimensions={**balancer, "TargetGroup": target_group},
                statistic="Maximum",
                comparison="GreaterThanThreshold",
                threshold=0,
                minutes=10,
                # Without a pod nothing is measured, as before the first deployment; shoppers' errors tell of it then.
                missing="notBreaching",
            )

    def _alarm(
        self,
        name: str,
        description: str,
        *,
        namespace: str,
        metric: str,
        dimensions: Dimensions,
        statistic: Literal["Average", "Maximum", "Minimum", "Sum"],
        comparison: Literal["GreaterThanThreshold", "LessThanThreshold"],
        threshold: float,
        minutes: int,
        missing: Literal["breaching", "ignore", "notBreaching"],
    ) -> None:
        """Mails when all of the last `minutes`, five at a time, were beyond the threshold, and when it is over."""
        cloudwatch.MetricAlarm(
            name,
            name=self._args.naming.name(name),
            alarm_description=description,
            namespace=namespace,
            metric_name=metric,
            dimensions=dimensions,
            statistic=statistic,
            comparison_operator=comparison,
            threshold=threshold,
            period=5 * _MINUTE,
            evaluation_periods=minutes // 5,
            treat_missing_data=missing,
            alarm_actions=[self.topic_arn],
            ok_actions=[self.topic_arn],
            opts=self._child,
        )


def _let_alarms_encrypt(account: str) -> pulumi.Output[str]:
    """CloudWatch can't send to a topic whose key it may not use. Source: SNS developer guide, encryption at rest."""
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
