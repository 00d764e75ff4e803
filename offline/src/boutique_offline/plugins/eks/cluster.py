"""`eks.Cluster` with EKS Auto Mode, with the same children as the official component.

Only the kubeconfig differs: it is the one in KUBECONFIG, of the cluster that is used in place of EKS.
Source of the roles' policies: EKS user guide, "Create an Amazon EKS Auto Mode cluster".
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pulumi
import yaml
from pulumi_aws import eks, iam

CLUSTER: Final = "eks:index:Cluster"

_COVERED: Final = {
    "accessEntries",
    "authenticationMode",
    "autoMode",
    "bootstrapSelfManagedAddons",
    "clusterTags",
    "corednsAddonOptions",
    "createOidcProvider",
    "deletionProtection",
    "enabledClusterLogTypes",
    "encryptionConfigKeyArn",
    "endpointPrivateAccess",
    "endpointPublicAccess",
    "kubernetesServiceIpAddressRange",
    "name",
    "privateSubnetIds",
    "publicAccessCidrs",
    "publicSubnetIds",
    "serviceRole",
    "skipDefaultNodeGroup",
    "skipDefaultSecurityGroups",
    "subnetIds",
    "tags",
    "upgradePolicy",
    "version",
    "vpcId",
}
_CLUSTER_POLICIES: Final = (
    "AmazonEKSClusterPolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)
_NODE_POLICIES: Final = ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly")
_NODE_POOLS: Final = ["general-purpose", "system"]


def uncovered(inputs: Mapping[str, Any]) -> str | None:
    """Returns why the inputs are not covered, or None if they are."""
    if unknown := sorted(inputs.keys() - _COVERED):
        return f"{unknown[0]} is not covered by this emulated plugin"
    if not (inputs.get("autoMode") or {}).get("enabled"):
        return "autoMode.enabled must be true for this emulated plugin"
    if (inputs.get("corednsAddonOptions") or {}).get("enabled") is not False:
        return "corednsAddonOptions.enabled must be false for this emulated plugin: Auto Mode has name servers"
    if inputs.get("authenticationMode") != "API":
        return "authenticationMode must be API for this emulated plugin"
    return None


class Cluster(pulumi.ComponentResource):
    """A cluster with its roles and access entries. `outputs` are the official component's, without node groups."""

    def __init__(self, name: str, inputs: Mapping[str, Any], options: pulumi.ResourceOptions | None) -> None:
        super().__init__(CLUSTER, name, None, options)
        child = pulumi.ResourceOptions(parent=self)
        role_arn, attached = self._service_role(name, inputs.get("serviceRole"))
        node_role = self._role(f"{name}-auto-mode-node-role", "ec2.amazonaws.com", ["sts:AssumeRole"], _NODE_POLICIES)
        cluster = eks.Cluster(
            f"{name}-eksCluster",
            name=inputs.get("name"),
            version=inputs.get("version"),
            role_arn=role_arn,
            access_config={"authentication_mode": inputs["authenticationMode"]},
            bootstrap_self_managed_addons=False,
            compute_config={"enabled": True, "node_pools": _NODE_POOLS, "node_role_arn": node_role[0].arn},
            deletion_protection=inputs.get("deletionProtection"),
            enabled_cluster_log_types=inputs.get("enabledClusterLogTypes"),
            encryption_config=_encryption(inputs.get("encryptionConfigKeyArn")),
            kubernetes_network_config={
                "elastic_load_balancing": {"enabled": True},
                "service_ipv4_cidr": inputs.get("kubernetesServiceIpAddressRange"),
            },
            storage_config={"block_storage": {"enabled": True}},
            tags=inputs.get("clusterTags") or inputs.get("tags"),
            upgrade_policy=_upgrade_policy(inputs.get("upgradePolicy")),
            vpc_config={
                "subnet_ids": _subnets(inputs),
                "endpoint_private_access": inputs.get("endpointPrivateAccess", False),
                "endpoint_public_access": inputs.get("endpointPublicAccess", True),
                "public_access_cidrs": inputs.get("publicAccessCidrs"),
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*attached, *node_role[1]]),
        )
        for key, entry in (inputs.get("accessEntries") or {}).items():
            _create_access_entry(f"{name}-{key}", cluster, entry, child)

        kubeconfig = cluster.endpoint.apply(lambda _: _kubeconfig())
        self.outputs: dict[str, Any] = {
            "autoModeNodeRoleName": node_role[0].name,
            "clusterSecurityGroupId": cluster.vpc_config.apply(lambda network: network["cluster_security_group_id"]),
            "eksCluster": cluster,
            "kubeconfig": kubeconfig,
            "kubeconfigJson": kubeconfig.apply(json.dumps),
        }
        self.register_outputs(self.outputs)

    def _service_role(self, name: str, given: Any) -> tuple[pulumi.Input[str], list[pulumi.Resource]]:
        if given is not None:
            return given.arn, []
        role, attached = self._role(
            f"{name}-eksRole-role", "eks.amazonaws.com", ["sts:AssumeRole", "sts:TagSession"], _CLUSTER_POLICIES
        )
        return role.arn, attached

    def _role(
        self, name: str, service: str, actions: list[str], policies: tuple[str, ...]
    ) -> tuple[iam.Role, list[pulumi.Resource]]:
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions}
        role = iam.Role(
            name,
            assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
            opts=pulumi.ResourceOptions(parent=self),
        )
        attached: list[pulumi.Resource] = [
            iam.RolePolicyAttachment(
                f"{name}-{policy}",
                role=role.name,
                policy_arn=f"arn:aws:iam::aws:policy/{policy}",
                opts=pulumi.ResourceOptions(parent=self),
            )
            for policy in policies
        ]
        return role, attached


def _create_access_entry(
    name: str, cluster: eks.Cluster, entry: Mapping[str, Any], options: pulumi.ResourceOptions
) -> None:
    """Creates an access entry and associates its access policies."""
    created = eks.AccessEntry(
        name,
        cluster_name=cluster.name,
        principal_arn=entry["principalArn"],
        kubernetes_groups=entry.get("kubernetesGroups"),
        type=entry.get("type"),
        user_name=entry.get("username"),
        tags=entry.get("tags"),
        opts=options,
    )
    for key, association in (entry.get("accessPolicies") or {}).items():
        scope = association["accessScope"]
        eks.AccessPolicyAssociation(
            f"{name}-{key}",
            cluster_name=cluster.name,
            principal_arn=entry["principalArn"],
            policy_arn=association["policyArn"],
            access_scope={"type": scope["type"], "namespaces": scope.get("namespaces")},
            opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[created])),
        )


def _encryption(key: Any) -> eks.ClusterEncryptionConfigArgsDict | None:
    return {"provider": {"key_arn": key}, "resources": ["secrets"]} if key else None


def _upgrade_policy(given: Any) -> eks.ClusterUpgradePolicyArgsDict:
    return {"support_type": given["supportType"] if given else "EXTENDED"}


def _subnets(inputs: Mapping[str, Any]) -> Any:
    if subnets := inputs.get("subnetIds"):
        return subnets
    tiers = (inputs.get("publicSubnetIds") or [], inputs.get("privateSubnetIds") or [])
    return pulumi.Output.all(*tiers).apply(lambda lists: [subnet for tier in lists for subnet in tier])


def _kubeconfig() -> Any:
    path = os.environ.get("KUBECONFIG")
    if not path:
        raise ValueError("KUBECONFIG must be set to the kubeconfig of the cluster that is used in place of EKS")
    return yaml.safe_load(Path(path).read_text())
