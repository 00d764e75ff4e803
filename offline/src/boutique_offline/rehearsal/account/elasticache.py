"""Extends moto's ElastiCache by parameter groups, changes and deletion of groups, and the node types on offer."""

from typing import Any, Final

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import camelcase_to_underscores
from moto.elasticache.exceptions import ElastiCacheException
from moto.elasticache.responses import ElastiCacheResponse

from boutique_offline.rehearsal.account import offerings

_FAMILIES: Final = ("redis7", "valkey7", "valkey8")
_DEFAULT: Final = "default."
_CHANGEABLE: Final = (
    "EngineVersion",
    "CacheParameterGroupName",
    "SecurityGroupIds",
    "PreferredMaintenanceWindow",
    "SnapshotWindow",
    "AutoMinorVersionUpgrade",
)


class _RefusedError(ElastiCacheException):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Response(ElastiCacheResponse):
    """Replaces the operations of ElastiCache that differ from moto's."""

    @property
    def _groups(self) -> dict[str, dict[str, Any]]:
        """Returns the parameter groups, which are stored in moto's backend."""
        groups: dict[str, dict[str, Any]] = self.elasticache_backend.__dict__.setdefault("parameter_groups", {})
        return groups

    def create_cache_parameter_group(self) -> ActionResult:
        name, family = self._get_param("CacheParameterGroupName"), self._get_param("CacheParameterGroupFamily")
        if name in self._groups:
            raise _RefusedError("CacheParameterGroupAlreadyExists", f"Cache parameter group {name} already exists.")
        if family not in _FAMILIES:
            raise _RefusedError("InvalidParameterValue", f"CacheParameterGroupFamily {family} is not a valid one.")
        arn = f"arn:aws:elasticache:{self.region}:{self.current_account}:parametergroup:{name}"
        group = {
            "CacheParameterGroupName": name,
            "CacheParameterGroupFamily": family,
            "Description": self._get_param("Description"),
            "IsGlobal": False,
            "ARN": arn,
            "parameters": {},
        }
        self._groups[name] = group
        self.elasticache_backend.tagging_service.tag_resource(arn, self._get_param("Tags", []))
        return ActionResult({"CacheParameterGroup": group})

    def describe_cache_parameter_groups(self) -> ActionResult:
        name = self._get_param("CacheParameterGroupName")
        found = [self._parameter_group(name)] if name else list(self._groups.values())
        return ActionResult({"CacheParameterGroups": found})

    def modify_cache_parameter_group(self) -> ActionResult:
        group = self._parameter_group(self._get_param("CacheParameterGroupName"))
        for parameter in self._get_param("ParameterNameValues", []):
            group["parameters"][parameter["ParameterName"]] = parameter["ParameterValue"]
        return ActionResult({"CacheParameterGroupName": group["CacheParameterGroupName"]})

    def describe_cache_parameters(self) -> ActionResult:
        """Returns the parameters that were set, without the defaults of the engine."""
        group = self._parameter_group(self._get_param("CacheParameterGroupName"))
        parameters = [
            {"ParameterName": name, "ParameterValue": value, "Source": "user"}
            for name, value in group["parameters"].items()
        ]
        return ActionResult({"Parameters": parameters, "CacheNodeTypeSpecificParameters": []})

    def delete_cache_parameter_group(self) -> ActionResult:
        name = self._get_param("CacheParameterGroupName")
        self._parameter_group(name)
        if any(group.cache_parameter_group_name == name for group in self._replication_groups()):
            raise _RefusedError("InvalidCacheParameterGroupState", f"{name} is in use by a replication group.")
        del self._groups[name]
        return EmptyResult()

    def _parameter_group(self, name: str) -> dict[str, Any]:
        if name not in self._groups:
            raise _RefusedError("CacheParameterGroupNotFound", f"CacheParameterGroup {name} not found.")
        return self._groups[name]

    def modify_cache_subnet_group(self) -> ActionResult:
        [group] = self.elasticache_backend.describe_cache_subnet_groups(self._get_param("CacheSubnetGroupName"))
        tags = self.elasticache_backend.tagging_service.list_tags_for_resource(group.arn)["Tags"]
        del self.elasticache_backend.cache_subnet_groups[group.cache_subnet_group_name]
        changed = self.elasticache_backend.create_cache_subnet_group(
            group.cache_subnet_group_name,
            self._get_param("CacheSubnetGroupDescription") or group.cache_subnet_group_description,
            self._get_param("SubnetIds") or group.subnet_ids,
            tags,
        )
        return ActionResult({"CacheSubnetGroup": changed})

    def delete_cache_subnet_group(self) -> ActionResult:
        name = self._get_param("CacheSubnetGroupName")
        self.elasticache_backend.describe_cache_subnet_groups(name)
        if any(group.cache_subnet_group_name == name for group in self._replication_groups()):
            raise _RefusedError("CacheSubnetGroupInUse", f"Cache subnet group {name} is currently in use.")
        del self.elasticache_backend.cache_subnet_groups[name]
        return EmptyResult()

    def create_replication_group(self) -> ActionResult:
        self._check_references()
        if self._get_param("AuthToken") and not self._get_bool_param("TransitEncryptionEnabled"):
            raise _RefusedError(
                "InvalidParameterCombination", "The AUTH token is only supported when encryption-in-transit is enabled."
            )
        clusters = self._get_int_param("NumCacheClusters") or 1
        if self._get_bool_param("AutomaticFailoverEnabled") and clusters == 1:
            raise _RefusedError(
                "InvalidParameterValue", "Automatic failover is not supported for a group without replicas."
            )
        # moto creates as many members as there are replicas.
        self.params["ReplicasPerNodeGroup"] = clusters - 1
        response = super().create_replication_group()
        group = self._replication_group()
        for nodes in group.node_groups:
            nodes["reader_endpoint"] = {"address": nodes["reader_endpoint_address"], "port": nodes["port"]}
        return response

    def _check_references(self) -> None:
        if subnets := self._get_param("CacheSubnetGroupName"):
            self.elasticache_backend.describe_cache_subnet_groups(subnets)
        parameters = self._get_param("CacheParameterGroupName")
        if parameters and not parameters.startswith(_DEFAULT):
            self._parameter_group(parameters)
        node_type = self._get_param("CacheNodeType")
        if node_type and node_type not in offerings.CACHE_NODE_TYPES:
            raise _RefusedError("InvalidParameterValue", f"The parameter CacheNodeType is not valid: {node_type}")

    def modify_replication_group(self) -> ActionResult:
        self._check_references()
        response = super().modify_replication_group()
        group = self._replication_group()
        for member in _CHANGEABLE:
            if (value := self._get_param(member)) is not None:
                setattr(group, camelcase_to_underscores(member), value)
        return response

    def increase_replica_count(self) -> ActionResult:
        group = self._replication_group()
        wanted = self._get_int_param("NewReplicaCount") + 1
        members = [f"{group.replication_group_id}-{number:03}" for number in range(1, wanted + 1)]
        [nodes] = group.node_groups
        present = {member["cache_cluster_id"]: member for member in nodes["node_group_members"]}
        nodes["node_group_members"] = [
            present.get(
                name, {"cache_cluster_id": name, "cache_node_id": nodes["node_group_id"], "current_role": "replica"}
            )
            for name in members
        ]
        group.member_clusters = members
        return ActionResult({"ReplicationGroup": group})

    decrease_replica_count = increase_replica_count

    def delete_replication_group(self) -> ActionResult:
        name = self._get_param("ReplicationGroupId")
        if snapshot := self._get_param("FinalSnapshotIdentifier"):
            self.elasticache_backend.create_snapshot(
                snapshot_name=snapshot, replication_group_id=name, cache_cluster_id=None, kms_key_id=None, tags=None
            )
        response = super().delete_replication_group()
        # moto leaves the group in the state "deleting".
        del self.elasticache_backend.replication_groups[name]
        return response

    def list_tags_for_resource(self) -> ActionResult:
        tags = self.elasticache_backend.tagging_service.list_tags_for_resource(self._get_param("ResourceName"))
        return ActionResult({"TagList": tags["Tags"]})

    def describe_reserved_cache_nodes_offerings(self) -> ActionResult:
        wanted = self._get_param("CacheNodeType")
        found: list[dict[str, Any]] = [
            {
                "ReservedCacheNodesOfferingId": f"offering-{name}",
                "CacheNodeType": name,
                "Duration": 31536000,
                "FixedPrice": 0.0,
                "UsagePrice": 0.0,
                "ProductDescription": self._get_param("ProductDescription") or "valkey",
                "OfferingType": self._get_param("OfferingType") or "No Upfront",
                "RecurringCharges": [],
            }
            for name in offerings.CACHE_NODE_TYPES
            if wanted in (None, name)
        ]
        return ActionResult({"ReservedCacheNodesOfferings": found})

    def _replication_group(self) -> Any:
        [group] = self.elasticache_backend.describe_replication_groups(self._get_param("ReplicationGroupId"))
        return group

    def _replication_groups(self) -> list[Any]:
        return list(self.elasticache_backend.replication_groups.values())
