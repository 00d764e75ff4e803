"""Clusters, access entries, Pod Identity associations, and add-ons."""

from typing import Final

from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType, Waiter, tagging

_CLUSTER: Final = {"name": "{name}"}
_ENTRY: Final = {"clusterName": "{clusterName}", "principalArn": "{principalArn}"}
_POLICY: Final = _ENTRY | {"policyArn": "{policyArn}"}
_ASSOCIATION: Final = {"clusterName": "{clusterName}", "associationId": "{associationId}"}
_ADDON: Final = {"clusterName": "{clusterName}", "addonName": "{addonName}"}
_LOGS: Final = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def _logging(cluster: Properties, _: Properties) -> Arguments:
    enabled = list(cluster.get("enabledClusterLogTypes") or [])
    setups = [
        {"types": enabled, "enabled": True},
        {"types": [kind for kind in _LOGS if kind not in enabled], "enabled": False},
    ]
    return {"logging": {"clusterLogging": [setup for setup in setups if setup["types"]]}}


TYPES: Final = {
    "Cluster": ResourceType(
        service="eks",
        id="{name}",
        create=Call("CreateCluster", build=_logging, built=("enabledClusterLogTypes",), result="cluster"),
        read=Call("DescribeCluster", _CLUSTER, result="cluster"),
        # The API accepts one type of change per request.
        updates=(
            Call("UpdateClusterVersion", _CLUSTER, takes=("version",)),
            Call("UpdateClusterConfig", _CLUSTER, takes=("vpcConfig",)),
            Call("UpdateClusterConfig", _CLUSTER, build=_logging, built=("enabledClusterLogTypes",)),
            Call("UpdateClusterConfig", _CLUSTER, takes=("accessConfig",)),
            Call(
                "UpdateClusterConfig",
                _CLUSTER,
                takes=("computeConfig", "kubernetesNetworkConfig", "storageConfig"),
                whole=True,
            ),
            Call("UpdateClusterConfig", _CLUSTER, takes=("upgradePolicy",)),
            Call("UpdateClusterConfig", _CLUSTER, takes=("deletionProtection",)),
        ),
        delete=(Call("DeleteCluster", _CLUSTER),),
        tagging=tagging({"resourceArn": "{arn}"}),
        members={"vpcConfig": "resourcesVpcConfig"},
        reads={
            "clusterId": "id",
            "enabledClusterLogTypes": "logging.clusterLogging[?enabled].types[]",
            "identities": "[{oidcs: [{issuer: identity.oidc.issuer}]}]",
        },
        replaces=frozenset(
            {"encryptionConfig", "kubernetesNetworkConfig.serviceIpv4Cidr", "kubernetesNetworkConfig.ipFamily"}
        ),
        created=Waiter("cluster_active", _CLUSTER),
        deleted=Waiter("cluster_deleted", _CLUSTER),
        name="name",
        longest_name=100,
        holds_data=True,
    ),
    "AccessEntry": ResourceType(
        service="eks",
        id="{clusterName}:{principalArn}",
        create=Call("CreateAccessEntry", result="accessEntry"),
        read=Call("DescribeAccessEntry", _ENTRY, result="accessEntry"),
        updates=(Call("UpdateAccessEntry", _ENTRY, takes=("kubernetesGroups", "userName")),),
        delete=(Call("DeleteAccessEntry", _ENTRY),),
        tagging=tagging({"resourceArn": "{accessEntryArn}"}),
        members={"userName": "username"},
        unique=True,
    ),
    "AccessPolicyAssociation": ResourceType(
        service="eks",
        id="{clusterName}#{principalArn}#{policyArn}",
        create=Call("AssociateAccessPolicy", result="associatedAccessPolicy"),
        read=Call(
            "ListAssociatedAccessPolicies",
            _ENTRY,
            result="associatedAccessPolicies[?policyArn == '{policyArn}'] | [0]",
        ),
        updates=(Call("AssociateAccessPolicy", _POLICY, takes=("accessScope",)),),
        delete=(Call("DisassociateAccessPolicy", _POLICY),),
        unique=True,
    ),
    "PodIdentityAssociation": ResourceType(
        service="eks",
        id="{associationId}",
        create=Call("CreatePodIdentityAssociation", result="association"),
        read=Call("DescribePodIdentityAssociation", _ASSOCIATION, result="association"),
        updates=(
            Call("UpdatePodIdentityAssociation", _ASSOCIATION, takes=("roleArn", "disableSessionTags"), whole=True),
        ),
        delete=(Call("DeletePodIdentityAssociation", _ASSOCIATION),),
        tagging=tagging({"resourceArn": "{associationArn}"}),
        unique=True,
    ),
    "Addon": ResourceType(
        service="eks",
        id="{clusterName}:{addonName}",
        create=Call("CreateAddon", result="addon"),
        read=Call("DescribeAddon", _ADDON, result="addon"),
        updates=(Call("UpdateAddon", _ADDON, takes=("addonVersion", "configurationValues", "serviceAccountRoleArn")),),
        delete=(Call("DeleteAddon", _ADDON, takes=("preserve",)),),
        tagging=tagging({"resourceArn": "{arn}"}),
        members={"resolveConflictsOnCreate": "resolveConflicts"},
        reads={"arn": "addonArn"},
        created=Waiter("addon_active", _ADDON),
        deleted=Waiter("addon_deleted", _ADDON),
        unique=True,
    ),
}
