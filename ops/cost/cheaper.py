"""The cheapest value of each setting that drives costs, where it is not the one that is set."""

from collections.abc import Mapping
from typing import Final

from infra.aws.settings import AwsSettings

_SMALLEST_DATABASE: Final = "db.t4g.micro"
_SMALLEST_CACHE: Final = "cache.t4g.micro"


def cheaper_values(settings: AwsSettings) -> Mapping[str, str]:
    """What to write instead, by key of the stack's file; what a protected stack must have is left as it is."""
    carts, sessions = settings.caches.carts, settings.caches.sessions
    choices = {
        "aws.network.nat": (settings.network.nat, "one"),
        "aws.network.zones": (settings.network.zones, 2),
        "aws.network.interfaceEndpoints": (settings.network.interface_endpoints, []),
        "aws.cluster.logRetentionDays": (settings.cluster.log_retention_days, 1),
        "aws.database.instanceClass": (settings.database.instance_class, _SMALLEST_DATABASE),
        "aws.database.storage": (settings.database.storage, 20),
        "aws.database.standby": (settings.database.standby, False),
        "aws.database.readReplicas": (settings.database.read_replicas, 0),
        "aws.database.backupDays": (settings.database.backup_days, 7 if settings.protected else 1),
        "aws.database.insights": (settings.database.insights, "standard"),
        "aws.caches.carts.nodeType": (carts.node_type, _SMALLEST_CACHE),
        "aws.caches.carts.replicas": (carts.replicas, 0),
        "aws.caches.carts.snapshotDays": (carts.snapshot_days, 1 if settings.protected else 0),
        "aws.caches.sessions.nodeType": (sessions.node_type, _SMALLEST_CACHE),
        "aws.caches.sessions.replicas": (sessions.replicas, 0),
        "aws.caches.sessions.snapshotDays": (sessions.snapshot_days, 0),
    }
    return {key: _written(cheapest) for key, (value, cheapest) in choices.items() if value != cheapest}


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
