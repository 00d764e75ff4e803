"""EKS beyond moto's: Auto Mode, access entries, Pod Identity, add-ons, and the versions on offer.

Checks and errors follow the Amazon EKS API reference. Everything is active at once.
"""

import json
import re
import uuid
from collections.abc import Iterable
from typing import Any, Final

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.eks import urls
from moto.eks.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from moto.eks.models import CLUSTER_NOT_FOUND_MSG, Cluster
from moto.eks.responses import EKSResponse
from moto.iam.models import iam_backends

from boutique_offline.rehearsal.account import offers

Record = dict[str, Any]

_PRINCIPAL: Final = re.compile(r"arn:aws:iam::[0-9]{12}:(role|user)/.+")
_KINDS: Final = {"STANDARD", "EC2", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYBRID_LINUX"}
_MOST_POLICIES: Final = 20
_FEWEST_ZONES: Final = 2
_POLICY: Final = "arn:aws:eks::aws:cluster-access-policy/"
_POLICIES: Final = {
    f"{_POLICY}AmazonEKS{name}Policy"
    for name in ("Admin", "AdminView", "AutoNode", "ClusterAdmin", "Edit", "SecretReader", "View")
}
_UPDATES: Final = (
    ("resourcesVpcConfig",),
    ("logging",),
    ("accessConfig",),
    ("upgradePolicy",),
    ("deletionProtection",),
    ("zonalShiftConfig",),
    ("computeConfig", "storageConfig", "kubernetesNetworkConfig"),
)


def extend() -> None:
    """Every path of the API leads to these responses."""
    for path in ("{0}/clusters/(?P<name>[^/]+)/(?P<rest>.+)$", "{0}/cluster-versions$"):
        urls.url_paths[path] = Response.dispatch
    for path in urls.url_paths:
        urls.url_paths[path] = Response.dispatch


class Response(EKSResponse):
    """Operations by their names in moto's spelling; what moto has and this lacks is moto's."""

    def describe_cluster_versions(self) -> ActionResult:
        asked = self._get_param("versionStatus")
        # A list comes in the query, so that moto has it as a string where it is of one.
        named = self._get_param("clusterVersions")
        names = [named] if isinstance(named, str) else named
        found = [
            {"clusterVersion": version, "clusterType": "eks", "status": status.lower(), "versionStatus": status}
            for version, status in offers.CLUSTER_VERSIONS.items()
            if asked in (None, status) and (not names or version in names)
        ]
        return ActionResult({"clusterVersions": found})

    def create_cluster(self) -> ActionResult:
        version, vpc = (
            self._get_param("version") or offers.DEFAULT_CLUSTER_VERSION,
            self._get_param("resourcesVpcConfig"),
        )
        if version not in offers.CLUSTER_VERSIONS:
            raise _invalid(f"unsupported Kubernetes version {version}")
        subnets = self._subnets(vpc.get("subnetIds") or [])
        self._check_auto_mode(json.loads(self.body))
        super().create_cluster()
        cluster = self._cluster(self._get_param("name"))
        cluster.version = version
        group = self._ec2().create_security_group(
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
        cluster.kubernetes_network_config = {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"} | (
            self._get_param("kubernetesNetworkConfig") or {}
        )
        extended: Any = cluster
        extended.access_config = {"authenticationMode": "CONFIG_MAP"} | (self._get_param("accessConfig") or {})
        extended.upgrade_policy = self._get_param("upgradePolicy") or {"supportType": "EXTENDED"}
        extended.deletion_protection = bool(self._get_param("deletionProtection"))
        for name in ("computeConfig", "storageConfig", "zonalShiftConfig"):
            setattr(extended, _attribute(name), self._get_param(name))
        extended.access_entries, extended.pod_identities, extended.addons = {}, {}, {}
        self._admit_nodes(cluster)
        return ActionResult({"cluster": cluster})

    def _subnets(self, ids: list[str]) -> list[Any]:
        subnets = [self._ec2().get_subnet(subnet) for subnet in ids]
        if len({subnet.availability_zone for subnet in subnets}) < _FEWEST_ZONES:
            raise _invalid("Subnets specified must be in at least two different AZs")
        return subnets

    def _check_auto_mode(self, asked: Record) -> None:
        network = asked.get("kubernetesNetworkConfig") or {}
        switches = {
            (asked.get("computeConfig") or {}).get("enabled", False),
            ((asked.get("storageConfig") or {}).get("blockStorage") or {}).get("enabled", False),
            (network.get("elasticLoadBalancing") or {}).get("enabled", False),
        }
        if len(switches) > 1:
            raise _invalid("For EKS Auto Mode, compute, block storage and load balancing must be enabled together")
        if (
            True in switches
            and (asked.get("accessConfig") or {}).get("authenticationMode", "CONFIG_MAP") == "CONFIG_MAP"
        ):
            raise _invalid("EKS Auto Mode needs the authentication mode API or API_AND_CONFIG_MAP")

    def _admit_nodes(self, cluster: Any) -> None:
        """EKS makes the entry of Auto Mode's nodes itself."""
        if role := (cluster.compute_config or {}).get("nodeRoleArn"):
            entry = self._entry(cluster, role, "EC2")
            entry["policies"][f"{_POLICY}AmazonEKSAutoNodePolicy"] = _association(
                f"{_POLICY}AmazonEKSAutoNodePolicy", {"type": "cluster", "namespaces": []}
            )

    def delete_cluster(self) -> ActionResult:
        cluster = self._cluster(self._get_param("name"))
        if cluster.deletion_protection:
            raise InvalidRequestException(message=f"Cluster {cluster.name} has deletion protection enabled")
        answer = super().delete_cluster()
        self._ec2().delete_security_group(group_id=cluster.resources_vpc_config["clusterSecurityGroupId"])
        return answer

    def update_cluster_version(self) -> ActionResult:
        cluster, version = self._cluster(self._get_param("name")), self._get_param("version")
        versions = list(offers.CLUSTER_VERSIONS)
        if version not in versions:
            raise _invalid(f"unsupported Kubernetes version {version}")
        if versions.index(version) != versions.index(cluster.version) + 1:
            raise _invalid(f"Unsupported Kubernetes minor version update from {cluster.version} to {version}")
        cluster.version = version
        return _update("VersionUpdate")

    def update_cluster_config(self) -> ActionResult:
        cluster, asked = self._cluster(self._get_param("name")), json.loads(self.body)
        kinds = [kind for kind in _UPDATES if any(asked.get(name) is not None for name in kind)]
        if len(kinds) != 1:
            raise _invalid("Only one type of update can be allowed.")
        if kinds[0] == _UPDATES[-1]:
            self._check_auto_mode(asked | {"accessConfig": cluster.access_config})
        for name in kinds[0]:
            present, wanted = getattr(cluster, _attribute(name), None), asked.get(name)
            if wanted is not None:
                changed = {**present, **wanted} if isinstance(present, dict) else wanted
                setattr(cluster, _attribute(name), changed)
        return _update("ConfigUpdate")

    def create_access_entry(self) -> ActionResult:
        cluster, principal = self._cluster(self._get_param("name")), self._get_param("principalArn")
        kind = self._get_param("type") or "STANDARD"
        if cluster.access_config["authenticationMode"] == "CONFIG_MAP":
            raise InvalidRequestException(
                message="The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform "
                "this operation."
            )
        if not _PRINCIPAL.fullmatch(principal):
            raise _invalid("The specified principalArn is invalid: invalid principal.")
        if kind not in _KINDS:
            raise _invalid(f"The type {kind} is not one of {', '.join(sorted(_KINDS))}")
        if principal in cluster.access_entries:
            raise _in_use("The specified access entry resource is already in use on this cluster.")
        entry = self._entry(cluster, principal, kind)
        entry["kubernetesGroups"] = self._get_param("kubernetesGroups") or []
        entry["username"] = self._get_param("username") or principal
        entry["tags"] = self._get_param("tags") or {}
        return ActionResult({"accessEntry": entry})

    def _entry(self, cluster: Any, principal: str, kind: str) -> Record:
        path = principal.rpartition(":")[2]
        entry = {
            "clusterName": cluster.name,
            "principalArn": principal,
            "kubernetesGroups": [],
            "accessEntryArn": self._arn("access-entry", cluster.name, path, str(uuid.uuid4())),
            "createdAt": utcnow(),
            "modifiedAt": utcnow(),
            "tags": {},
            "username": principal,
            "type": kind,
            "policies": {},
        }
        cluster.access_entries[principal] = entry
        return entry

    def describe_access_entry(self) -> ActionResult:
        return ActionResult({"accessEntry": self._found_entry()})

    def update_access_entry(self) -> ActionResult:
        entry = self._found_entry()
        for name in ("kubernetesGroups", "username"):
            if self._get_param(name) is not None:
                entry[name] = self._get_param(name)
        entry["modifiedAt"] = utcnow()
        return ActionResult({"accessEntry": entry})

    def list_access_entries(self) -> ActionResult:
        return ActionResult({"accessEntries": sorted(self._cluster(self._get_param("name")).access_entries)})

    def delete_access_entry(self) -> ActionResult:
        entry = self._found_entry()
        del self._cluster(entry["clusterName"]).access_entries[entry["principalArn"]]
        return EmptyResult()

    def _found_entry(self) -> Record:
        principal = self._get_param("principalArn")
        entries = self._cluster(self._get_param("name")).access_entries
        if principal not in entries:
            raise _not_found(
                f"The specified principalArn could not be found. You can view your available access entries with "
                f"'list-access-entries'. ({principal})"
            )
        entry: Record = entries[principal]
        return entry

    def associate_access_policy(self) -> ActionResult:
        entry, policy, scope = self._found_entry(), self._get_param("policyArn"), self._get_param("accessScope")
        if policy not in _POLICIES:
            raise _invalid("The policyArn parameter format is not valid")
        if entry["type"] not in {"STANDARD", "EC2"}:
            raise _invalid(f"Access policies cannot be associated with an entry of type {entry['type']}")
        if scope.get("type") == "namespace" and not scope.get("namespaces"):
            raise _invalid("An access scope of type namespace needs namespaces")
        if policy not in entry["policies"] and len(entry["policies"]) >= _MOST_POLICIES:
            raise _invalid(f"An access entry can have at most {_MOST_POLICIES} access policies")
        association = _association(policy, {"namespaces": [], **scope})
        entry["policies"][policy] = association
        return ActionResult(
            {
                "clusterName": entry["clusterName"],
                "principalArn": entry["principalArn"],
                "associatedAccessPolicy": association,
            }
        )

    def list_associated_access_policies(self) -> ActionResult:
        entry = self._found_entry()
        return ActionResult(
            {
                "clusterName": entry["clusterName"],
                "principalArn": entry["principalArn"],
                "associatedAccessPolicies": list(entry["policies"].values()),
            }
        )

    def disassociate_access_policy(self) -> ActionResult:
        entry, policy = self._found_entry(), self._get_param("policyArn")
        if policy not in entry["policies"]:
            raise _not_found(f"The policy {policy} is not associated with {entry['principalArn']}")
        del entry["policies"][policy]
        return EmptyResult()

    def create_pod_identity_association(self) -> ActionResult:
        cluster = self._cluster(self._get_param("name"))
        namespace, account = self._get_param("namespace"), self._get_param("serviceAccount")
        for present in cluster.pod_identities.values():
            if (present["namespace"], present["serviceAccount"]) == (namespace, account):
                raise _in_use(f"Association already exists: {present['associationId']}")
        self._check_role(self._get_param("roleArn"))
        identifier = f"a-{uuid.uuid4().hex[:17]}"
        association = {
            "clusterName": cluster.name,
            "namespace": namespace,
            "serviceAccount": account,
            "roleArn": self._get_param("roleArn"),
            "associationArn": self._arn("podidentityassociation", cluster.name, identifier),
            "associationId": identifier,
            "tags": self._get_param("tags") or {},
            "createdAt": utcnow(),
            "modifiedAt": utcnow(),
            "disableSessionTags": bool(self._get_param("disableSessionTags")),
        }
        cluster.pod_identities[identifier] = association
        return ActionResult({"association": association})

    def describe_pod_identity_association(self) -> ActionResult:
        return ActionResult({"association": self._found_association()})

    def list_pod_identity_associations(self) -> ActionResult:
        found: Iterable[Record] = self._cluster(self._get_param("name")).pod_identities.values()
        for name in ("namespace", "serviceAccount"):
            if wanted := self._get_param(name):
                found = [association for association in found if association[name] == wanted]
        return ActionResult({"associations": list(found)})

    def update_pod_identity_association(self) -> ActionResult:
        association = self._found_association()
        if role := self._get_param("roleArn"):
            self._check_role(role)
            association["roleArn"] = role
        if self._get_param("disableSessionTags") is not None:
            association["disableSessionTags"] = self._get_param("disableSessionTags")
        association["modifiedAt"] = utcnow()
        return ActionResult({"association": association})

    def delete_pod_identity_association(self) -> ActionResult:
        association = self._found_association()
        del self._cluster(association["clusterName"]).pod_identities[association["associationId"]]
        return ActionResult({"association": association})

    def _found_association(self) -> Record:
        identifier = self._get_param("associationId")
        associations = self._cluster(self._get_param("name")).pod_identities
        if identifier not in associations:
            raise _not_found(f"Association id {identifier} doesn't exist")
        association: Record = associations[identifier]
        return association

    def _check_role(self, arn: str) -> None:
        roles = iam_backends[self.current_account]["aws"].roles.values()
        if not any(role.arn == arn for role in roles):
            raise _invalid("Role provided in the request does not exist")

    def create_addon(self) -> ActionResult:
        cluster, name = self._cluster(self._get_param("name")), self._get_param("addonName")
        if name not in offers.ADDONS:
            raise _invalid(f"Addon {name} specified is not supported in {cluster.version} kubernetes version")
        if name in cluster.addons:
            raise ResourceInUseException(
                clusterName=cluster.name, nodegroupName=None, addonName=name, message="Addon already exists."
            )
        addon = {
            "addonName": name,
            "clusterName": cluster.name,
            "status": "ACTIVE",
            "addonVersion": self._get_param("addonVersion") or offers.ADDON_VERSION,
            "health": {"issues": []},
            "addonArn": self._arn("addon", cluster.name, name, str(uuid.uuid4())),
            "createdAt": utcnow(),
            "modifiedAt": utcnow(),
            "tags": self._get_param("tags") or {},
            "configurationValues": self._get_param("configurationValues"),
            "serviceAccountRoleArn": self._get_param("serviceAccountRoleArn"),
        }
        cluster.addons[name] = addon
        return ActionResult({"addon": addon})

    def describe_addon(self) -> ActionResult:
        return ActionResult({"addon": self._found_addon()})

    def list_addons(self) -> ActionResult:
        return ActionResult({"addons": sorted(self._cluster(self._get_param("name")).addons)})

    def update_addon(self) -> ActionResult:
        addon = self._found_addon()
        for name in ("addonVersion", "configurationValues", "serviceAccountRoleArn"):
            if self._get_param(name) is not None:
                addon[name] = self._get_param(name)
        addon["modifiedAt"] = utcnow()
        return _update("AddonUpdate")

    def delete_addon(self) -> ActionResult:
        addon = self._found_addon()
        del self._cluster(addon["clusterName"]).addons[addon["addonName"]]
        return ActionResult({"addon": addon | {"status": "DELETING"}})

    def _found_addon(self) -> Record:
        cluster, name = self._cluster(self._get_param("name")), self._get_param("addonName")
        if name not in cluster.addons:
            raise ResourceNotFoundException(
                clusterName=cluster.name,
                nodegroupName=None,
                fargateProfileName=None,
                addonName=name,
                message=f"No addon: {name} found in cluster: {cluster.name}",
            )
        addon: Record = cluster.addons[name]
        return addon

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
        """Of a cluster, or of what belongs to one."""
        arn = self._extract_arn_from_path()
        for cluster in self.eks_backend.clusters.values():
            if cluster.arn == arn:
                return cluster.tags
            extended: Any = cluster
            for records, name in (
                (extended.access_entries, "accessEntryArn"),
                (extended.pod_identities, "associationArn"),
                (extended.addons, "addonArn"),
            ):
                for record in records.values():
                    if record[name] == arn:
                        tags: dict[str, str] = record["tags"]
                        return tags
        raise _not_found(f"No resource found for ARN: {arn}")

    def _cluster(self, name: str) -> Any:
        if name not in self.eks_backend.clusters:
            raise _not_found(CLUSTER_NOT_FOUND_MSG.format(clusterName=name), name)
        cluster: Cluster = self.eks_backend.clusters[name]
        return cluster

    def _ec2(self) -> Any:
        return ec2_backends[self.current_account][self.region]

    def _arn(self, kind: str, *path: str) -> str:
        return f"arn:aws:eks:{self.region}:{self.current_account}:{kind}/{'/'.join(path)}"


def _association(policy: str, scope: Record) -> Record:
    return {"policyArn": policy, "accessScope": scope, "associatedAt": utcnow(), "modifiedAt": utcnow()}


def _update(kind: str) -> ActionResult:
    return ActionResult(
        {"update": {"id": str(uuid.uuid4()), "status": "Successful", "type": kind, "params": [], "createdAt": utcnow()}}
    )


def _attribute(name: str) -> str:
    """moto's spelling of a member."""
    return re.sub("([A-Z])", r"_\1", name).lower()


def _invalid(message: str) -> InvalidParameterException:
    return InvalidParameterException(
        clusterName=None, nodegroupName=None, fargateProfileName=None, addonName=None, message=message
    )


def _in_use(message: str) -> ResourceInUseException:
    return ResourceInUseException(clusterName=None, nodegroupName=None, addonName=None, message=message)


def _not_found(message: str, cluster: str | None = None) -> ResourceNotFoundException:
    return ResourceNotFoundException(
        clusterName=cluster, nodegroupName=None, fargateProfileName=None, addonName=None, message=message
    )
