"""A cache: Valkey on ElastiCache in the isolated subnets, a primary with replicas that take over.

Valkey has the same protocol as Redis OSS and a free licence, and a node costs 20 % less.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_aws import cloudwatch, elasticache

from infra.aws.credentials import create_credentials
from infra.aws.encryption import create_key, final_snapshot_name
from infra.aws.naming import Naming
from infra.aws.placement import Placement, create_store_group
from infra.config.aws import CacheSettings

PORT = 6379

_ENGINE = "valkey"
_VERSION = "8.1"
_FAMILY = "valkey8"
_USERNAME = "default"
"""The user of an AUTH token. Source: ElastiCache user guide, "Authenticating with the AUTH command"."""
_LOG_DAYS = 30
# UTC, when there are the fewest shoppers. ElastiCache does not allow the two to overlap.
_SNAPSHOT_WINDOW = "01:30-02:30"
_MAINTENANCE_WINDOW = "sun:04:00-sun:05:00"

Eviction = Literal["noeviction", "volatile-lru"]


@dataclass(frozen=True)
class CacheArgs:
    """The arguments of a cache.

    Args:
        eviction: What happens when memory is full. "noeviction" refuses writes, for data that must not be lost.
            "volatile-lru" evicts the least recently used keys of those that expire, for data that can be recreated.
        final_snapshot: Whether a destroy leaves a final snapshot, and the key to read it.
    """

    naming: Naming
    settings: CacheSettings
    eviction: Eviction
    placement: Placement
    protected: bool
    final_snapshot: bool


class Cache(pulumi.ComponentResource):
    """A cache with its secret, which is JSON with "username" and "password".

    Attributes:
        address: The "host:port" of the primary.
        replica_address: The "host:port" of the replicas, or else of the primary.
        key_arn: The key that encrypts the data and the secret.
        nodes: The members' names in ElastiCache.
    """

    address: pulumi.Output[str]
    replica_address: pulumi.Output[str]
    secret_arn: pulumi.Output[str]
    key_arn: pulumi.Output[str]
    eviction: Eviction
    nodes: Sequence[str]

    def __init__(self, name: str, args: CacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:aws:Cache", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._key = create_key(name, args.naming, protect=args.protected, keep=args.final_snapshot, opts=self._child)
        credentials = create_credentials(
            name, args.naming, username=_USERNAME, key=self._key, recoverable=args.protected, opts=self._child
        )
        group = self._create_group(credentials.password)

        self.address = pulumi.Output.concat(group.primary_endpoint_address, f":{PORT}")
        readers = group.reader_endpoint_address if args.settings.replicas else group.primary_endpoint_address
        self.replica_address = pulumi.Output.concat(readers, f":{PORT}")
        self.secret_arn = credentials.secret_arn
        self.key_arn = self._key.arn
        self.eviction = args.eviction
        # Source: ElastiCache user guide, names of the members of a replication group.
        self.nodes = [f"{args.naming.name(name)}-{number:03}" for number in range(1, args.settings.replicas + 2)]
        self.register_outputs({"address": self.address, "replicaAddress": self.replica_address})

    def _create_group(self, token: pulumi.Output[str]) -> elasticache.ReplicationGroup:
        args, settings = self._args, self._args.settings
        name = args.naming.name(self._name)
        subnets = elasticache.SubnetGroup(
            self._name,
            name=name,
            description="The isolated subnets",
            subnet_ids=args.placement.subnets,
            opts=self._child,
        )
        return elasticache.ReplicationGroup(
            self._name,
            replication_group_id=name,
            description=f"{name}, {args.eviction}",
            engine=_ENGINE,
            engine_version=_VERSION,
            # If AWS upgraded the group, this version would be a downgrade, for which the provider replaces the group.
            auto_minor_version_upgrade=False,
            node_type=settings.node_type,
            num_cache_clusters=settings.replicas + 1,
            automatic_failover_enabled=settings.replicas > 0,
            multi_az_enabled=settings.replicas > 0,
            port=PORT,
            subnet_group_name=subnets.name,
            security_group_ids=[create_store_group(self._name, args.naming, args.placement, PORT, self._child).id],
            parameter_group_name=self._create_parameter_group(name).name,
            at_rest_encryption_enabled=True,
            kms_key_id=self._key.arn,
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            auth_token=token,
            snapshot_retention_limit=settings.snapshot_days,
            snapshot_window=_SNAPSHOT_WINDOW if settings.snapshot_days else None,
            final_snapshot_identifier=(
                final_snapshot_name(self._name, args.naming, self._key) if args.final_snapshot else None
            ),
            maintenance_window=_MAINTENANCE_WINDOW,
            # Changes that restart a protected cache wait for its maintenance window.
            apply_immediately=not args.protected,
            log_delivery_configurations=[
                {
                    "destination": self._create_log_group(name).name,
                    "destination_type": "cloudwatch-logs",
                    "log_format": "json",
                    "log_type": "slow-log",
                }
            ],
            opts=pulumi.ResourceOptions(parent=self, protect=args.protected),
        )

    def _create_parameter_group(self, name: str) -> elasticache.ParameterGroup:
        return elasticache.ParameterGroup(
            self._name,
            # Named after its family: a new version of Valkey needs another group while the old one is still in use.
            name=f"{name}-{_FAMILY}",
            family=_FAMILY,
            description=f"When memory is full: {self._args.eviction}",
            parameters=[{"name": "maxmemory-policy", "value": self._args.eviction}],
            opts=self._child,
        )

    def _create_log_group(self, name: str) -> cloudwatch.LogGroup:
        return cloudwatch.LogGroup(
            self._name, name=f"/aws/elasticache/{name}/slow-log", retention_in_days=_LOG_DAYS, opts=self._child
        )
