"""Caches, run by ElastiCache."""

from typing import Any, Final

import jmespath

from boutique_offline.plugins.aws.conversion import UncoveredError
from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType, Tagging, Waiter

_TAGGING: Final = Tagging(
    add=Call("AddTagsToResource", {"ResourceName": "{arn}"}),
    remove=Call("RemoveTagsFromResource", {"ResourceName": "{arn}"}),
    read=Call("ListTagsForResource", {"ResourceName": "{arn}"}),
    answer="tagList",
)
_SUBNETS: Final = {"CacheSubnetGroupName": "{name}"}
_PARAMETERS: Final = {"CacheParameterGroupName": "{name}"}
_GROUP: Final = {"ReplicationGroupId": "{replicationGroupId}"}


def _parameters(group: Properties, old: Properties) -> Arguments:
    given = {parameter["name"]: parameter["value"] for parameter in group.get("parameters") or []}
    if gone := sorted({parameter["name"] for parameter in old.get("parameters") or []} - given.keys()):
        raise UncoveredError(f"parameters without {gone[0]}")
    return {"ParameterNameValues": [{"ParameterName": name, "ParameterValue": value} for name, value in given.items()]}


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


def _replicas(group: Properties, _: Properties) -> Arguments:
    return {"NewReplicaCount": group["numCacheClusters"] - 1}


def _enabled(member: str) -> Any:
    return lambda group: None if group.get(member) is None else group[member] == "enabled"


TYPES: Final = {
    "SubnetGroup": ResourceType(
        service="elasticache",
        id="{name}",
        create=Call("CreateCacheSubnetGroup"),
        read=Call("DescribeCacheSubnetGroups", _SUBNETS, answer="cacheSubnetGroups[0]"),
        updates=(Call("ModifyCacheSubnetGroup", _SUBNETS, takes=("description", "subnetIds"), whole=True),),
        delete=(Call("DeleteCacheSubnetGroup", _SUBNETS),),
        tagging=_TAGGING,
        members={"name": "CacheSubnetGroupName", "description": "CacheSubnetGroupDescription"},
        reads={"subnetIds": "subnets[].subnetIdentifier"},
        defaults={"description": "Managed by Pulumi"},
        name="name",
    ),
    "ParameterGroup": ResourceType(
        service="elasticache",
        id="{name}",
        create=Call("CreateCacheParameterGroup"),
        read=Call("DescribeCacheParameterGroups", _PARAMETERS, answer="cacheParameterGroups[0]"),
        updates=(Call("ModifyCacheParameterGroup", _PARAMETERS, build=_parameters, built=("parameters",)),),
        details=(
            Call(
                "DescribeCacheParameters",
                _PARAMETERS | {"Source": "user"},
                answer="{parameters: parameters[].{name: parameterName, value: parameterValue}}",
            ),
        ),
        delete=(Call("DeleteCacheParameterGroup", _PARAMETERS),),
        tagging=_TAGGING,
        members={"name": "CacheParameterGroupName", "family": "CacheParameterGroupFamily"},
        defaults={"description": "Managed by Pulumi"},
        name="name",
    ),
    "ReplicationGroup": ResourceType(
        service="elasticache",
        id="{replicationGroupId}",
        create=Call(
            "CreateReplicationGroup",
            build=_log_deliveries,
            built=("logDeliveryConfigurations",),
            answer="replicationGroup",
        ),
        read=Call("DescribeReplicationGroups", _GROUP, answer="replicationGroups[0]"),
        updates=(
            Call(
                "ModifyReplicationGroup",
                _GROUP | {"ApplyImmediately": True},
                takes=(
                    "authToken",
                    "authTokenUpdateStrategy",
                    "autoMinorVersionUpgrade",
                    "automaticFailoverEnabled",
                    "description",
                    "engineVersion",
                    "maintenanceWindow",
                    "multiAzEnabled",
                    "nodeType",
                    "parameterGroupName",
                    "securityGroupIds",
                    "snapshotRetentionLimit",
                    "snapshotWindow",
                ),
            ),
            Call(
                "ModifyReplicationGroup",
                _GROUP | {"ApplyImmediately": True},
                build=_log_deliveries,
                built=("logDeliveryConfigurations",),
            ),
            Call(
                "IncreaseReplicaCount",
                _GROUP | {"ApplyImmediately": True},
                build=_replicas,
                built=("numCacheClusters",),
                when=lambda group: group["numCacheClusters"] > len(group["memberClusters"]),
            ),
            Call(
                "DecreaseReplicaCount",
                _GROUP | {"ApplyImmediately": True},
                build=_replicas,
                built=("numCacheClusters",),
                when=lambda group: group["numCacheClusters"] < len(group["memberClusters"]),
            ),
        ),
        delete=(Call("DeleteReplicationGroup", _GROUP, takes=("finalSnapshotIdentifier",)),),
        tagging=_TAGGING,
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
        settings=frozenset({"applyImmediately"}),
        secrets=frozenset({"authToken"}),
        created=Waiter("replication_group_available", _GROUP),
        deleted=Waiter("replication_group_deleted", _GROUP),
        name="replicationGroupId",
        longest_name=40,
        holds_data=True,
    ),
}
