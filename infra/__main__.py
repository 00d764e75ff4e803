"""The whole platform of an environment, in the order in which it comes to be."""

import os
import signal
from pathlib import Path

import pulumi

from boutique_definition.service_file import load_service_files
from boutique_definition.validation import ConfigError
from infra.environments import create_environment
from infra.images import load_images
from infra.settings import load_settings
from infra.shop.shop import Shop, ShopArgs, check_shop
from infra.stores import STORES

ROOT = Path(__file__).parent.parent


def deploy() -> None:
    stack = pulumi.get_stack()
    settings = load_settings(stack)
    services = load_service_files(ROOT / "services")
    images = load_images(Path(os.environ.get("BOUTIQUE_IMAGES", ROOT / "build" / "images.json")))
    check_shop(stack, settings, services, images, STORES)

    environment = create_environment(stack, settings, services, images)
    shop = Shop(
        "shop",
        ShopArgs(
            namespace=environment.cluster.namespace,
            services=services,
            images=images,
            stores=environment.stores,
            exposures=environment.exposures,
            settings=settings.shop,
            network=environment.network,
        ),
        environment.cluster.options(),
    )

    pulumi.export("addresses", {service: exposure.address for service, exposure in environment.exposures.items()})
    pulumi.export("namespace", environment.cluster.namespace)
    pulumi.export("versions", shop.images)


# The engine interrupts a program where it has given up itself, and has said why: a trace would only hide that.
signal.signal(signal.SIGINT, signal.SIG_DFL)

try:
    deploy()
except ConfigError as error:
    raise pulumi.RunError(str(error)) from None
