"""The cluster that the shop runs on, and the namespace that it is kept in."""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes


@dataclass(frozen=True)
class Cluster:
    """A provider for the cluster, and the shop's namespace there."""

    provider: kubernetes.Provider
    namespace: pulumi.Output[str]

    def options(self, parent: pulumi.Resource | None = None) -> pulumi.ResourceOptions:
        """For whatever is made on the cluster."""
        return pulumi.ResourceOptions(providers={"kubernetes": self.provider}, parent=parent)


def open_cluster(namespace: str) -> Cluster:
    """The cluster that the environment's KUBECONFIG leads to, with a namespace for the shop."""
    # Without an identifier a kubeconfig that is written anew, for the same cluster, would replace everything.
    provider = kubernetes.Provider("cluster", cluster_identifier=f"boutique-{pulumi.get_stack()}")
    return Cluster(provider, create_namespace(namespace, pulumi.ResourceOptions(provider=provider)))


def create_namespace(namespace: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """A namespace that admits restricted pods alone. Source: Pod Security Standards, profile "restricted"."""
    level = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}
    created = kubernetes.core.v1.Namespace(
        "shop",
        metadata={"name": namespace, "labels": {"app.kubernetes.io/part-of": "boutique", **level}},
        opts=opts,
    )
    return created.metadata.name
