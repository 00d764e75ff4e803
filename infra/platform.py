"""The platform that the shop runs on: what the local and the AWS platform have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.networking.v1 import NetworkPolicyPeerArgsDict

from infra.shop.exposure import Exposure
from infra.shop.network_policies import DNS_PODS
from infra.shop.stores import ReachableStore


@dataclass(frozen=True)
class Cluster:
    """A provider for the Kubernetes cluster, and the shop's namespace there."""

    provider: kubernetes.Provider
    namespace: pulumi.Output[str]

    def options(self, parent: pulumi.Resource | None = None) -> pulumi.ResourceOptions:
        """Returns the options of resources on the cluster."""
        return pulumi.ResourceOptions(providers={"kubernetes": self.provider}, parent=parent)


@dataclass(frozen=True)
class Platform:
    """Everything that the shop needs from the place where it runs.

    Args:
        stores: The stores, by name.
        exposures: How each external service is reached from outside the cluster.
        dns: The peers that resolve names for pods.
    """

    cluster: Cluster
    stores: Mapping[str, ReachableStore]
    exposures: Mapping[str, Exposure]
    dns: Sequence[NetworkPolicyPeerArgsDict] = (DNS_PODS,)


def create_namespace(namespace: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Creates a namespace that admits only restricted pods, and returns its name.

    Source: Pod Security Standards, profile "restricted".
    """
    level = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}
    created = kubernetes.core.v1.Namespace(
        "shop",
        metadata={"name": namespace, "labels": {"app.kubernetes.io/part-of": "boutique", **level}},
        opts=opts,
    )
    return created.metadata.name
