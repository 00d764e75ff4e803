"""The shop: a workload for every service file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from boutique_definition.service_file import ServiceFile
from infra.config.shop import ServiceOverride, ShopSettings
from infra.shop.exposure import Exposure
from infra.shop.network_policies import ClusterNetwork, deny_by_default
from infra.shop.stores import Store
from infra.shop.workload import Workload, WorkloadArgs


@dataclass(frozen=True)
class ShopArgs:
    """`images` has an image reference for every service, `exposures` how each external one is reached."""

    namespace: pulumi.Input[str]
    services: Mapping[str, ServiceFile]
    images: Mapping[str, str]
    stores: Mapping[str, Store]
    exposures: Mapping[str, Exposure]
    settings: ShopSettings
    network: ClusterNetwork = field(default_factory=ClusterNetwork)


class Shop(pulumi.ComponentResource):
    """`images` are those that run, by service."""

    images: Mapping[str, str]

    def __init__(self, name: str, args: ShopArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:shop:Shop", name, None, opts)
        deny_by_default(args.namespace, args.network.dns, pulumi.ResourceOptions(parent=self))
        overrides = {service: args.settings.services.get(service, ServiceOverride()) for service in args.services}
        self.images = {service: override.image or args.images[service] for service, override in overrides.items()}
        for service, override in overrides.items():
            Workload(
                service,
                WorkloadArgs(
                    namespace=args.namespace,
                    services=args.services,
                    stores=args.stores,
                    image=self.images[service],
                    override=override,
                    exposure=args.exposures.get(service),
                    network=args.network,
                ),
                pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
