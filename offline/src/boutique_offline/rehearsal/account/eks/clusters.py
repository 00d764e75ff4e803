"""Clusters: Auto Mode, versions, the security group that EKS creates, protection, and tags."""

import json
import uuid
from typing import Any, Final

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import camelcase_to_underscores
from moto.ec2.models import ec2_backends
from moto.eks.exceptions import InvalidRequestException

from boutique_offline.rehearsal.account import offerings
from boutique_offline.rehearsal.account.eks.access_entries import AccessEntries
from boutique_offline.rehearsal.account.eks.addons import Addons
from boutique_offline.rehearsal.account.eks.collections import COLLECTIONS, Record, update_result
from boutique_offline.rehearsal.account.eks.errors import invalid, not_found
from boutique_offline.rehearsal.account.eks.pod_identities import PodIdentities

_MIN_ZONES: Final = 2
_AUTO_MODE: Final = ("computeConfig", "storageConfig", "kubernetesNetworkConfig")
_UPDATES: Final = (
    ("resourcesVpcConfig",),
    ("logging",),
    ("accessConfig",),
    ("upgradePolicy",),
    ("deletionProtection",),
    ("zonalShiftConfig",),
    _AUTO_MODE,
)
"""The members that can be changed together, one group per request."""


class Response(AccessEntries, PodIdentities, Addons):
    """Replaces the operations of EKS that differ from moto's."""

    def describe_cluster_versions(self) -> ActionResult:
        status = self._get_param("versionStatus")
        # moto has a list of one item from a query as a string.
        names = self._get_param("clusterVersions")
        names = [names] if isinstance(names, str) else names
        found = [
            {"clusterVersion": version, "clusterType": "eks", "status": each.lower(), "versionStatus": each}
            for version, each in offerings.CLUSTER_VERSIONS.items()
            if status in (None, each) and (not names or version in names)
        ]
        return ActionResult({"clusterVersions": found})

    def create_cluster(self) -> ActionResult:
        version = self._get_param("version") or offerings.DEFAULT_CLUSTER_VERSION
        vpc = self._get_param("resourcesVpcConfig")
        _check_version(version)
        subnets = [self._ec2.get_subnet(subnet) for subnet in vpc.get("subnetIds") or []]
        if len({subnet.availability_zone for subnet in subnets}) < _MIN_ZONES:
            raise invalid("Subnets specified must be in at least two different AZs")
        _check_auto_mode(json.loads(self.body))
        super().create_cluster()
        cluster = self.cluster
        cluster.version = version
        group = self._ec2.create_security_group(
            f"eks-cluster-sg-{cluster.name}-{uuid.uuid4().int % 10**10}",
            "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as "
            "any managed workloads.",
            subnets[0].vpc_id,
            tags={f"kubernetes.io/cluster/{cluster.name}": "owned", "aws:eks:cluster-name": cluster.name},
        )
        cluster.resources_vpc_config = {
            "endpointPrivateAccess": False,
            "endpointPublicAccess": True,
            "publicAccessCidrs": ["0.0.0.0/0"],
            "securityGroupIds": [],
            **{name: value for name, value in vpc.items() if value is not None},
            "clusterSecurityGroupId": group.id,
            "vpcId": subnets[0].vpc_id,
        }
        network = self._get_param("kubernetesNetworkConfig") or {}
        cluster.kubernetes_network_config = {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"} | network
        cluster.access_config = {"authenticationMode": "CONFIG_MAP"} | (self._get_param("accessConfig") or {})
        cluster.upgrade_policy = self._get_param("upgradePolicy") or {"supportType": "EXTENDED"}
        cluster.deletion_protection = bool(self._get_param("deletionProtection"))
        for name in ("computeConfig", "storageConfig", "zonalShiftConfig"):
            setattr(cluster, camelcase_to_underscores(name), self._get_param(name))
        for collection in COLLECTIONS:
            setattr(cluster, collection.attribute, {})
        if role := (cluster.compute_config or {}).get("nodeRoleArn"):
            self.add_entry_of_nodes(role)
        return ActionResult({"cluster": cluster})

    def delete_cluster(self) -> ActionResult:
        cluster = self.cluster
        if cluster.deletion_protection:
            raise InvalidRequestException(message=f"Cluster {cluster.name} has deletion protection enabled")
        response = super().delete_cluster()
        self._ec2.delete_security_group(group_id=cluster.resources_vpc_config["clusterSecurityGroupId"])
        return response

    def update_cluster_version(self) -> ActionResult:
        cluster, version = self.cluster, self._get_param("version")
        _check_version(version)
        versions = list(offerings.CLUSTER_VERSIONS)
        if versions.index(version) != versions.index(cluster.version) + 1:
            raise invalid(f"Unsupported Kubernetes minor version update from {cluster.version} to {version}")
        cluster.version = version
        return update_result("VersionUpdate")

    def update_cluster_config(self) -> ActionResult:
        cluster, requested = self.cluster, json.loads(self.body)
        updates = [update for update in _UPDATES if any(requested.get(name) is not None for name in update)]
        if len(updates) != 1:
            raise invalid("Only one type of update can be allowed.")
        if updates[0] == _AUTO_MODE:
            _check_auto_mode(requested | {"accessConfig": cluster.access_config})
        for name in updates[0]:
            present, wanted = getattr(cluster, camelcase_to_underscores(name), None), requested.get(name)
            if wanted is not None:
                changed = {**present, **wanted} if isinstance(present, dict) else wanted
                setattr(cluster, camelcase_to_underscores(name), changed)
        return update_result("ConfigUpdate")

    def tag_resource(self) -> ActionResult:
        self._tags().update(self._get_param("tags"))
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        keys = self._get_param("tagKeys")
        for key in [keys] if isinstance(keys, str) else keys:
            self._tags().pop(key, None)
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        return ActionResult({"tags": self._tags()})

    def _tags(self) -> dict[str, str]:
        """Returns the tags of a cluster, or of one of its records."""
        arn = self._extract_arn_from_path()
        for cluster in self.eks_backend.clusters.values():
            tags: dict[str, dict[str, str]] = {cluster.arn: cluster.tags}
            for collection in COLLECTIONS:
                records = getattr(cluster, collection.attribute).values()
                tags |= {record[collection.arn]: record["tags"] for record in records}
            if arn in tags:
                return tags[arn]
        raise not_found(f"No resource found for ARN: {arn}")

    @property
    def _ec2(self) -> Any:
        return ec2_backends[self.current_account][self.region]


def _check_version(version: str) -> None:
    if version not in offerings.CLUSTER_VERSIONS:
        raise invalid(f"unsupported Kubernetes version {version}")


def _check_auto_mode(requested: Record) -> None:
    network = requested.get("kubernetesNetworkConfig") or {}
    switches = {
        (requested.get("computeConfig") or {}).get("enabled", False),
        ((requested.get("storageConfig") or {}).get("blockStorage") or {}).get("enabled", False),
        (network.get("elasticLoadBalancing") or {}).get("enabled", False),
    }
    if len(switches) > 1:
        raise invalid("For EKS Auto Mode, compute, block storage and load balancing must be enabled together")
    mode = (requested.get("accessConfig") or {}).get("authenticationMode", "CONFIG_MAP")
    if True in switches and mode == "CONFIG_MAP":
        raise invalid("EKS Auto Mode needs the authentication mode API or API_AND_CONFIG_MAP")
