"""The exposure of a service by the load balancer, which sends requests straight to the pods."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from infra.shop.exposure import Exposure


@dataclass(frozen=True)
class TargetGroup(Exposure):
    """Exposes a service through a target group of the load balancer.

    Args:
        host: The host name whose requests the load balancer sends to this group.
    """

    arn: pulumi.Input[str]
    host: str

    @property
    def address(self) -> str:
        """The https URL of the host name."""
        return f"https://{self.host}"

    def attach(self, name: str, port: int, metadata: ObjectMetaArgsDict, opts: pulumi.ResourceOptions) -> None:
        """Makes the cluster register the service's pods in the target group.

        Source: EKS user guide, TargetGroupBinding of EKS Auto Mode.
        """
        CustomResource(
            f"{name}-targets",
            api_version="eks.amazonaws.com/v1",
            kind="TargetGroupBinding",
            metadata=metadata,
            spec={"serviceRef": {"name": name, "port": port}, "targetGroupARN": self.arn, "targetType": "ip"},
            opts=opts,
        )
