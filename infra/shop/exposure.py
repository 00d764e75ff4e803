"""How a service is reached from outside the cluster."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict


@dataclass(frozen=True)
class NodePort:
    """At a port of every node."""

    port: int
    host: str = "localhost"

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True)
class TargetGroup:
    """Through a load balancer that sends what comes for `host` straight to the pods."""

    arn: pulumi.Input[str]
    host: str

    @property
    def address(self) -> str:
        return f"https://{self.host}"


Exposure = NodePort | TargetGroup


def bind_target_group(
    name: str, port: int, group: TargetGroup, metadata: ObjectMetaArgsDict, options: pulumi.ResourceOptions
) -> None:
    """Has the cluster register the service's pods. Source: EKS user guide, TargetGroupBinding of EKS Auto Mode."""
    CustomResource(
        f"{name}-targets",
        api_version="eks.amazonaws.com/v1",
        kind="TargetGroupBinding",
        metadata=metadata,
        spec={"serviceRef": {"name": name, "port": port}, "targetGroupARN": group.arn, "targetType": "ip"},
        opts=options,
    )
