"""The Kubernetes cluster: EKS with Auto Mode, where AWS runs nodes, network, load balancing and volumes.

Access is only by access entries; the ConfigMap aws-auth is not used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_eks
import pulumi_kubernetes as kubernetes
from pulumi_aws import cloudwatch, eks
from pulumi_kubernetes.networking.v1 import NetworkPolicyPeerArgsDict

from infra.aws.encryption import create_key
from infra.aws.naming import Naming
from infra.aws.network import Network
from infra.config.aws import ClusterSettings

SERVICE_NETWORK = "172.20.0.0/16"
DNS: Sequence[NetworkPolicyPeerArgsDict] = ({"ip_block": {"cidr": "172.20.0.10/32"}},)
"""In Auto Mode a process on each node resolves names, at the tenth address of Services: there are no pods to select."""

_LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_ADMINISTRATOR = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
_VIEWER = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminViewPolicy"


@dataclass(frozen=True)
class EksClusterArgs:
    """The arguments of a cluster.

    Args:
        administrators: ARNs of the roles that may do everything in the cluster, by the names of their access entries.
        viewers: ARNs of the roles that may read everything in the cluster, by the names of their access entries.
    """

    naming: Naming
    settings: ClusterSettings
    network: Network
    protected: bool
    administrators: Mapping[str, pulumi.Input[str]]
    viewers: Mapping[str, pulumi.Input[str]]


class EksCluster(pulumi.ComponentResource):
    """An EKS cluster.

    Attributes:
        security_group_id: The security group of nodes and pods.
        provider: The provider for objects in the cluster, which are created once access to it is set up.
    """

    name: str
    security_group_id: pulumi.Output[str]
    provider: kubernetes.Provider

    def __init__(self, name: str, args: EksClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:aws:Cluster", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.name = args.naming.name()
        cluster = self._create_cluster()
        self.security_group_id = cluster.cluster_security_group_id
        ready = self._create_access_entries(cluster)

        self.provider = kubernetes.Provider(
            "cluster",
            kubeconfig=cluster.kubeconfig_json,
            # Otherwise a new kubeconfig for the same cluster would replace everything in it.
            cluster_identifier=self.name,
            opts=pulumi.ResourceOptions(parent=self, depends_on=ready),
        )
        self._enforce_network_policies()
        # Autoscalers need its metrics.
        eks.Addon("metrics-server", addon_name="metrics-server", cluster_name=self.name, opts=self._after(cluster))
        self.register_outputs({"name": self.name})

    def _create_cluster(self) -> pulumi_eks.Cluster:
        args, settings = self._args, self._args.settings
        # EKS would create the log group itself, and keep its logs forever.
        logs = cloudwatch.LogGroup(
            "control-plane",
            name=f"/aws/eks/{self.name}/cluster",
            retention_in_days=settings.log_retention_days,
            opts=self._child,
        )
        key = create_key("cluster", args.naming, protect=args.protected, opts=self._child)
        return pulumi_eks.Cluster(
            # The component names its roles after this, and pipelines may only create roles with the stack's name.
            self.name,
            name=self.name,
            version=settings.version,
            auto_mode=pulumi_eks.AutoModeOptionsArgs(enabled=True),
            authentication_mode=pulumi_eks.AuthenticationMode.API,
            vpc_id=args.network.vpc_id,
            # Auto Mode puts nodes into any subnet of the cluster. In a public one they could not reach the internet,
            # since it assigns no public addresses.
            private_subnet_ids=list(args.network.private_subnets),
            endpoint_private_access=True,
            endpoint_public_access=bool(settings.public_access),
            public_access_cidrs=[str(network) for network in settings.public_access] or None,
            kubernetes_service_ip_address_range=SERVICE_NETWORK,
            encryption_config_key_arn=key.arn,
            enabled_cluster_log_types=list(_LOGS),
            upgrade_policy={"support_type": "STANDARD"},
            deletion_protection=args.protected,
            create_oidc_provider=False,
            # In Auto Mode each node does by itself what these add-ons do in pods.
            coredns_addon_options={"enabled": False},
            skip_default_security_groups=True,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=args.protected,
                # Destroyed before the NAT gateways, which its nodes need until they are gone.
                depends_on=[logs, args.network],
            ),
        )

    def _create_access_entries(self, cluster: pulumi_eks.Cluster) -> list[pulumi.Resource]:
        args = self._args
        policies = {**dict.fromkeys(args.administrators, _ADMINISTRATOR), **dict.fromkeys(args.viewers, _VIEWER)}
        roles = {**args.administrators, **args.viewers}
        ready: list[pulumi.Resource] = [cluster]
        for who, policy in policies.items():
            entry = eks.AccessEntry(who, cluster_name=self.name, principal_arn=roles[who], opts=self._after(cluster))
            ready.append(
                eks.AccessPolicyAssociation(
                    who,
                    cluster_name=self.name,
                    principal_arn=roles[who],
                    policy_arn=policy,
                    access_scope={"type": "cluster"},
                    opts=self._after(entry),
                )
            )
        return ready

    def _enforce_network_policies(self) -> None:
        """Turns on the controller. Source: EKS user guide, "Use Network Policies with EKS Auto Mode"."""
        kubernetes.core.v1.ConfigMap(
            "network-policies",
            metadata={"name": "amazon-vpc-cni", "namespace": "kube-system"},
            data={"enable-network-policy-controller": "true"},
            opts=pulumi.ResourceOptions(parent=self, provider=self.provider),
        )

    def _after(self, resource: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[resource])
