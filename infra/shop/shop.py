"""The shop: a workload for every service file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.networking.v1 import NetworkPolicyPeerArgsDict

from boutique_definition.service_file import ServiceFile
from infra.config.shop import ServiceOverride, ShopSettings
from infra.shop.exposure import Exposure
from infra.shop.network_policies import DNS_PODS, deny_by_default
from infra.shop.stores import ReachableStore
from infra.shop.workload import Workload, WorkloadArgs


@dataclass(frozen=True)
class ShopArgs:
    """The arguments of a shop.

    Args:
        services: All service files, by service.
        images: The image of each service.
        stores: All stores, by name.
        exposures: How each external service is reached.
        dns: The peers that resolve names for pods.
    """

    namespace: pulumi.Input[str]
    services: Mapping[str, ServiceFile]
    images: Mapping[str, str]
    stores: Mapping[str, ReachableStore]
    exposures: Mapping[str, Exposure]
    settings: ShopSettings
    dns: Sequence[NetworkPolicyPeerArgsDict] = (DNS_PODS,)


class Shop(pulumi.ComponentResource):
    """All services of the shop.

    Attributes:
        images: The image that runs, by service.
        workloads: The workloads, by service.
    """

    images: Mapping[str, str]
    workloads: Mapping[str, Workload]

    def __init__(self, name: str, args: ShopArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:shop:Shop", name, None, opts)
        deny_by_default(args.namespace, args.dns, pulumi.ResourceOptions(parent=self))
        overrides = {service: args.settings.services.get(service, ServiceOverride()) for service in args.services}
        self.images = {service: override.image or args.images[service] for service, override in overrides.items()}
        self.workloads = {
            service: Workload(
                service,
                WorkloadArgs(
                    namespace=args.namespace,
                    file=file,
                    calls={called: args.services[called] for called in file.calls},
                    callers=[caller for caller, its in args.services.items() if service in its.calls],
                    stores={store: args.stores[store] for store in file.stores},
                    image=self.images[service],
                    override=overrides[service],
                    exposure=args.exposures.get(service),
                ),
                pulumi.ResourceOptions(parent=self),
            )
            for service, file in args.services.items()
        }
        self.register_outputs({})
