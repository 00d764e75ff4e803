"""Chooses the images of services whose source is in another repository, and writes them to a stack's settings file.

A release names the image of one service. The others keep the image that the settings file names or, without one, the
image that runs, so that a deployment for any other reason does not change them.
"""

from collections.abc import Mapping
from pathlib import Path

import yaml

from cli.ci.repository import Repository
from cli.stacks.opening import open_stack
from dev.errors import ActionableError
from dev.virtual_environment import ROOT


def release_to(stack: str, service: str, image: str) -> None:
    """Writes the images to the settings file of a stack that runs, and prints them."""
    repository = Repository.read(ROOT)
    if not repository.elsewhere:
        print("All services have their source in this repository.")
        return
    file = ROOT / "stacks" / f"Pulumi.{stack}.yaml"
    for name, reference in release(repository, file, {service: image}, open_stack(stack).versions()).items():
        print(f"{name:15} {reference}")


def release(
    repository: Repository, file: Path, released: Mapping[str, str], running: Mapping[str, str]
) -> dict[str, str]:
    """Writes the images to the stack's file and returns them by service.

    Args:
        repository: The repository, which knows the services that it does not build.
        file: The stack's settings file.
        released: New images by service.
        running: The images that run now, by service.

    Raises:
        ActionableError: Nothing says which image a service has.
    """
    document = yaml.safe_load(file.read_text())
    services = document["config"].setdefault("boutique:shop", {}).setdefault("services", {})
    images = {}
    for name in sorted(repository.elsewhere):
        override = services.setdefault(name, {})
        image = released.get(name) or override.get("image") or running.get(name)
        if not image:
            raise ActionableError(
                f"stacks/{file.name}: boutique:shop.services.{name}.image: is needed, because the source of {name} is "
                f"in another repository and it does not run yet. Set it, or start a pipeline with the parameters "
                f"service and digest."
            )
        override["image"] = images[name] = image
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    return images
