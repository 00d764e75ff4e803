"""Images of services whose source is in another repository: which a stack runs, noted in its file before an `up`.

Who deploys one names its image. For the others it is what the stack's file says, or else what the stack runs already,
so that an `up` for any other reason leaves them as they are.
"""

from collections.abc import Mapping
from pathlib import Path

import yaml

from cli.ci.repository import Repository
from dev.errors import ActionableError


def release(repository: Repository, file: Path, given: Mapping[str, str], running: Mapping[str, str]) -> dict[str, str]:
    """Writes the images into the stack's file, and answers them by service.

    Raises ActionableError where nothing says which image a service has.
    """
    document = yaml.safe_load(file.read_text())
    services = document["config"].setdefault("boutique:shop", {}).setdefault("services", {})
    images = {}
    for name in sorted(repository.elsewhere):
        override = services.setdefault(name, {})
        image = given.get(name) or override.get("image") or running.get(name)
        if not image:
            raise ActionableError(
                f"stacks/{file.name}: boutique:shop.services.{name}.image: is needed: {name} has its source in another "
                f"repository, and does not run yet. Set it, or start a pipeline with the parameters service and digest."
            )
        override["image"] = images[name] = image
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    return images
