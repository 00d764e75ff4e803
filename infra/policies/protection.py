"""Production keeps users' data: nothing that holds it can be deleted by mistake.

A stack that is to be torn down first says so, by `expires` in its settings, which reviewers see. Then it may be
unprotected.
"""

from collections.abc import Iterator
from typing import Final

from infra.policies.rules import Missing, Resource, Rule, is_true

_INSTANCE: Final = "aws:rds/instance:Instance"
_EXPIRES: Final = "boutique:expires"
_LEAST_BACKUP_DAYS: Final = 7
_WANTED: Final = {
    _INSTANCE: {"deletionProtection": "protected: true", "multiAz": "database.standby: true"},
    "aws:elasticache/replicationGroup:ReplicationGroup": {
        "automaticFailoverEnabled": "replicas of this cache",
        "multiAzEnabled": "replicas of this cache, and at least 2 network.zones",
    },
    "aws:eks/cluster:Cluster": {"deletionProtection": "protected: true"},
    "aws:lb/loadBalancer:LoadBalancer": {"enableDeletionProtection": "protected: true"},
}
"""The properties that must be true, and the settings that make them so."""


def _unprotected(resource: Resource) -> Iterator[str]:
    if _EXPIRES in (resource.tags() or {}):
        return
    # A read replica can be recreated from its primary.
    if not resource.stack.production or resource.get("replicateSourceDb") is not Missing.UNSET:
        return
    for path, setting in _WANTED[resource.type].items():
        value = resource.get(path)
        if value is not Missing.UNKNOWN and not is_true(value):
            yield f"{path}: {value!r}: must be true in {resource.stack.name}: {_remedy(setting)}"
    if resource.type != _INSTANCE:
        return
    if is_true(resource.get("skipFinalSnapshot")):
        yield f"skipFinalSnapshot: True: must be false in {resource.stack.name}: {_remedy('finalSnapshots: true')}"
    days = resource.get("backupRetentionPeriod")
    if days is not Missing.UNKNOWN and (days is Missing.UNSET or days < _LEAST_BACKUP_DAYS):
        least = f"must be at least {_LEAST_BACKUP_DAYS} in {resource.stack.name}"
        yield f"backupRetentionPeriod: {days!r}: {least}: {_remedy('database.backupDays')}"


def _remedy(setting: str) -> str:
    return f"set {setting} in the stack's file, or expires if the stack is to be torn down"


PROTECTED: Final = Rule(
    "protected-production",
    "In production, stores have a standby and backups, and neither they nor the cluster can be deleted.",
    tuple(_WANTED),
    _unprotected,
)
