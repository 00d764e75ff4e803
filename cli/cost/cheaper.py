"""Finds cheaper values of the settings that affect the cost."""

from collections.abc import Mapping
from typing import Final

from infra.config.aws import AwsSettings

_SMALLEST_DATABASE: Final = "db.t4g.micro"
_SMALLEST_CACHE: Final = "cache.t4g.micro"


def cheaper_values(settings: AwsSettings) -> Mapping[str, str]:
    """Returns the cheapest values, by key of the stack's file. Respects what a protected stack needs."""
    network, database = settings.network, settings.database
    carts, sessions = settings.caches.carts, settings.caches.sessions
    set_and_cheapest = {
        "aws.network.nat": (network.nat, "one"),
        "aws.network.zones": (network.zones, 2),
        "aws.network.interfaceEndpoints": (network.interface_endpoints, []),
        "aws.cluster.logRetentionDays": (settings.cluster.log_retention_days, 1),
        "aws.database.instanceClass": (database.instance_class, _SMALLEST_DATABASE),
        "aws.database.storage": (database.storage, 20),
        "aws.database.standby": (database.standby, False),
        "aws.database.readReplicas": (database.read_replicas, 0),
        "aws.database.backupDays": (database.backup_days, 7 if settings.protected else 1),
        "aws.database.insights": (database.insights, "standard"),
        "aws.caches.carts.nodeType": (carts.node_type, _SMALLEST_CACHE),
        "aws.caches.carts.replicas": (carts.replicas, 0),
        "aws.caches.carts.snapshotDays": (carts.snapshot_days, 1 if settings.protected else 0),
        "aws.caches.sessions.nodeType": (sessions.node_type, _SMALLEST_CACHE),
        "aws.caches.sessions.replicas": (sessions.replicas, 0),
        "aws.caches.sessions.snapshotDays": (sessions.snapshot_days, 0),
    }
    return {key: _format(key, cheapest) for key, (value, cheapest) in set_and_cheapest.items() if value != cheapest}


def _format(key: str, value: object) -> str:
    if key == "aws.database.storage":
        return f"{value} for a new database, since RDS can't reduce storage"
    return str(value).lower() if isinstance(value, bool) else str(value)
