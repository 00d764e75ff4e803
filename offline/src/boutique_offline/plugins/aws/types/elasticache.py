"""Caches: replication groups of ElastiCache and their subnet and parameter groups."""

from collections.abc import Callable
from typing import Any, Final

import jmespath

from boutique_offline.plugins.aws.conversion import UncoveredError
from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType, Waiter
from boutique_offline.plugins.aws.types.store_groups import TAGGING, changed_parameters, parameter_group, subnet_group

_GROUP: Final = {"ReplicationGroupId": "{replicationGroupId}"}
_AT_ONCE: Final = _GROUP | {"ApplyImmediately": True}


def _parameters(group: Properties, old: Properties) -> Arguments:
    return {
        "ParameterNameValues": [
            {"ParameterName": parameter["name"], "ParameterValue": parameter["value"]}
            for parameter in changed_parameters(group, old)
        ]
    }


def _log_deliveries(group: Properties, _: Properties) -> Arguments:
    if group.get("logDeliveryConfigurations") is None:
        return {}
    return {
        "LogDeliveryConfigurations": [
            {
                "LogType": delivery["logType"],
                "LogFormat": delivery["logFormat"],
                "DestinationType": delivery["destinationType"],
                "DestinationDetails": _destination(delivery["destinationType"], delivery["destination"]),
            }
            for delivery in group["logDeliveryConfigurations"]
        ]
    }


def _destination(kind: str, name: str) -> dict[str, Any]:
    if kind != "cloudwatch-logs":
        raise UncoveredError(f"logDeliveryConfigurations.destinationType {kind}")
    return {"CloudWatchLogsDetails": {"LogGroup": name}}


def _read_log_deliveries(group: Properties) -> list[Any]:
    return [
        {name: delivery.get(name) for name in ("logType", "logFormat", "destinationType")}
        | {"destination": jmespath.search("destinationDetails.cloudWatchLogsDetails.logGroup", delivery)}
        for delivery in group.get("logDeliveryConfigurations") or []
    ]


def _set_replicas(operation: str, applies: Callable[[int, int], bool]) -> Call:
    """Returns the call that changes the number of replicas, if it applies to the wanted and the present number."""
    return Call(
        operation,
        _AT_ONCE,
        build=lambda group, _: {"NewReplicaCount": group["numCacheClusters"] - 1},
        built=("numCacheClusters",),
        when=lambda group: applies(group["numCacheClusters"], len(group["memberClusters"])),
    )


def _enabled(member: str) -> Any:
    return lambda group: None if group.get(member) is None else group[member] == "enabled"


TYPES: Final = {
    "SubnetGroup": subnet_group("elasticache", "Cache"),
    "ParameterGroup": parameter_group("elasticache", "Cache", _parameters),
    "ReplicationGroup": ResourceType(
        service="elasticache",
        id="{replicationGroupId}",
        create=Call(
            "CreateReplicationGroup",
            build=_log_deliveries,
            built=("logDeliveryConfigurations",),
            result="replicationGroup",
        ),
        read=Call("DescribeReplicationGroups", _GROUP, result="replicationGroups[0]"),
        updates=(
            Call("ModifyReplicationGroup", _AT_ONCE, takes_all=True),
            Call("ModifyReplicationGroup", _AT_ONCE, build=_log_deliveries, built=("logDeliveryConfigurations",)),
            _set_replicas("IncreaseReplicaCount", lambda wanted, present: wanted > present),
            _set_replicas("DecreaseReplicaCount", lambda wanted, present: wanted < present),
        ),
        delete=(Call("DeleteReplicationGroup", _GROUP, takes=("finalSnapshotIdentifier",)),),
        tagging=TAGGING,
        members={
            "description": "ReplicationGroupDescription",
            "maintenanceWindow": "PreferredMaintenanceWindow",
            "nodeType": "CacheNodeType",
            "parameterGroupName": "CacheParameterGroupName",
            "subnetGroupName": "CacheSubnetGroupName",
        },
        reads={
            "automaticFailoverEnabled": _enabled("automaticFailover"),
            "description": "description",
            "logDeliveryConfigurations": _read_log_deliveries,
            "multiAzEnabled": _enabled("multiAz"),
            "numCacheClusters": "length(memberClusters)",
            "primaryEndpointAddress": "nodeGroups[0].primaryEndpoint.address",
            "readerEndpointAddress": "nodeGroups[0].readerEndpoint.address",
        },
        replaces=frozenset({"engine", "transitEncryptionEnabled", "transitEncryptionMode"}),
        settings=frozenset({"applyImmediately"}),
        secrets=frozenset({"authToken"}),
        created=Waiter("replication_group_available", _GROUP),
        deleted=Waiter("replication_group_deleted", _GROUP),
        name="replicationGroupId",
        longest_name=40,
        holds_data=True,
    ),
}
