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
    "authenticationMode",
    "autoMode",
    "bootstrapSelfManagedAddons",
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
    "skipDefaultNodeGroup",
    "skipDefaultSecurityGroups",
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
    if not inputs.get("privateSubnetIds"):
        return "privateSubnetIds must be set for this emulated plugin"
    return None


class Cluster(pulumi.ComponentResource):
    """A cluster with its roles. `outputs` are the official component's, without node groups."""

    def __init__(self, name: str, inputs: Mapping[str, Any], options: pulumi.ResourceOptions | None) -> None:
        super().__init__(CLUSTER, name, None, options)
        role, role_policies = self._role(
            f"{name}-eksRole-role", "eks.amazonaws.com", ["sts:AssumeRole", "sts:TagSession"], _CLUSTER_POLICIES
        )
        node_role, node_policies = self._role(
            f"{name}-auto-mode-node-role", "ec2.amazonaws.com", ["sts:AssumeRole"], _NODE_POLICIES
        )
        cluster = eks.Cluster(
            f"{name}-eksCluster",
            name=inputs.get("name"),
            version=inputs.get("version"),
            role_arn=role.arn,
            access_config={"authentication_mode": inputs["authenticationMode"]},
            bootstrap_self_managed_addons=False,
            compute_config={"enabled": True, "node_pools": _NODE_POOLS, "node_role_arn": node_role.arn},
            deletion_protection=inputs.get("deletionProtection"),
            enabled_cluster_log_types=inputs.get("enabledClusterLogTypes"),
            encryption_config=_encryption(inputs.get("encryptionConfigKeyArn")),
            kubernetes_network_config={
                "elastic_load_balancing": {"enabled": True},
                "service_ipv4_cidr": inputs.get("kubernetesServiceIpAddressRange"),
            },
            storage_config={"block_storage": {"enabled": True}},
            upgrade_policy=_upgrade_policy(inputs.get("upgradePolicy")),
            vpc_config={
                "subnet_ids": inputs["privateSubnetIds"],
                "endpoint_private_access": inputs.get("endpointPrivateAccess", False),
                "endpoint_public_access": inputs.get("endpointPublicAccess", True),
                "public_access_cidrs": inputs.get("publicAccessCidrs"),
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*role_policies, *node_policies]),
        )
        kubeconfig = cluster.endpoint.apply(lambda _: _kubeconfig())
        self.outputs: dict[str, Any] = {
            "autoModeNodeRoleName": node_role.name,
            "clusterSecurityGroupId": cluster.vpc_config.apply(lambda network: network["cluster_security_group_id"]),
            "eksCluster": cluster,
            "kubeconfig": kubeconfig,
            "kubeconfigJson": kubeconfig.apply(json.dumps),
        }
        self.register_outputs(self.outputs)

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


def _encryption(key: Any) -> eks.ClusterEncryptionConfigArgsDict | None:
    return {"provider": {"key_arn": key}, "resources": ["secrets"]} if key else None


def _upgrade_policy(given: Any) -> eks.ClusterUpgradePolicyArgsDict:
    return {"support_type": given["supportType"] if given else "EXTENDED"}


def _kubeconfig() -> Any:
    path = os.environ.get("KUBECONFIG")
    if not path:
        raise ValueError("KUBECONFIG must be set to the kubeconfig of the cluster that is used in place of EKS")
    return yaml.safe_load(Path(path).read_text())
