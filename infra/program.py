"""The program: everything that a stack consists of, in order of creation."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from boutique_definition.pictures import pictures_folder
from boutique_definition.service_file import ServiceFile
from infra.check import check_shop
from infra.config.local import LocalSettings
from infra.config.settings import Settings
from infra.local.local_platform import create_local_platform
from infra.platform import Platform
from infra.shop.shop import Shop, ShopArgs


@dataclass(frozen=True)
class Outputs:
    """The outputs of a stack.

    Args:
        addresses: The URL of each external service.
        namespace: The Kubernetes namespace of the shop.
        versions: The image of each service.
    """

    addresses: Mapping[str, str]
    namespace: pulumi.Output[str]
    versions: Mapping[str, str]


def deploy(stack: str, settings: Settings, services: Mapping[str, ServiceFile], images: Mapping[str, str]) -> Outputs:
    """Deploys the shop and the platform it runs on.

    Args:
        stack: The name of the Pulumi stack.
        services: The service files, by service.
        images: The image of each service and, on one machine, of each kind of store.

    Raises:
        ConfigError: The settings, the service files, the images, and on AWS the account do not fit together. Nothing
            was created.
    """
    check_shop(stack, settings, services, images)
    platform = _create_platform(stack, settings, services, images)
    shop = Shop(
        "shop",
        ShopArgs(
            namespace=platform.cluster.namespace,
            services=services,
            images=images,
            stores=platform.stores,
            exposures=platform.exposures,
            settings=settings.shop,
            dns=platform.dns,
        ),
        platform.cluster.options(),
    )
    return Outputs(
        addresses={service: exposure.address for service, exposure in platform.exposures.items()},
        namespace=platform.cluster.namespace,
        versions=shop.images,
    )


def _create_platform(
    stack: str, settings: Settings, services: Mapping[str, ServiceFile], images: Mapping[str, str]
) -> Platform:
    namespace = settings.shop.namespace
    if isinstance(settings.platform, LocalSettings):
        return create_local_platform(stack, settings.platform, namespace, images, pictures_folder(services))
    # Imported here, since the AWS SDK takes seconds to load.
    from infra.aws.aws_platform import AwsPlatformArgs, create_aws_platform  # noqa: PLC0415

    return create_aws_platform(AwsPlatformArgs(stack, settings.platform, namespace, services))
