"""The inputs of each image, and its name, which follows from them."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from boutique_definition.service_file import package_name
from dev.errors import ActionableError
from dev.images import context, debian


@dataclass(frozen=True)
class Recipe:
    """Everything that is needed to build one image.

    Args:
        name: The image's name.
        inputs: A text that changes with everything that goes into the image.
        dockerfile: Its Dockerfile.
        context: The directory of its build context.
        arguments: Its build arguments.
        target: The Dockerfile's stage, if it is not the last.
    """

    name: str
    inputs: str
    dockerfile: Path
    context: Path
    arguments: Mapping[str, str]
    target: str = ""

    @property
    def reference(self) -> str:
        """The image's name and tag. The tag is a digest of the inputs."""
        instructions = [line for line in self.dockerfile.read_text().splitlines() if not line.startswith("#")]
        inputs = "\n".join([*instructions, self.inputs])
        # Tools use a name with a registry as it is. No registry has this name.
        return f"boutique.local/{self.name}:{hashlib.sha256(inputs.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Base:
    """The base of the services' images.

    Args:
        reference: Its name.
        python: The version of its Python, such as 3.11.
        recipe: How to build it if it cannot be pulled.
    """

    reference: str
    python: str
    recipe: Recipe | None


def official_base(repository: Path) -> Base:
    """Returns the base that services/Dockerfile names."""
    dockerfile = context.dockerfile(repository)
    named = re.search(r"^ARG BASE_IMAGE=(\S+python:(\d+\.\d+)\S*)$", dockerfile.read_text(), re.MULTILINE)
    if named is None:
        raise ActionableError(f"{dockerfile} must name a Python base image: `ARG BASE_IMAGE=…/python:3.…`.")
    return Base(reference=named[1], python=named[2], recipe=None)


def debian_base(root: debian.Root) -> Base:
    """Returns a base that is built from Debian packages."""
    recipe = from_root("python", root)
    version = re.match(r"\d+\.\d+", root.packages["python3-minimal"])
    if version is None:
        raise ActionableError(f"Debian's python3-minimal has an unknown version: {root.packages['python3-minimal']}.")
    return Base(recipe.reference, version[0], recipe)


def from_root(name: str, root: debian.Root) -> Recipe:
    """Returns the recipe of an image with a root file system."""
    return Recipe(name, root.digest, debian.dockerfile(name), root.archive.parent, {"ROOT": root.archive.name})


def from_program(name: str, program: Path, identity: str) -> Recipe:
    """Returns the recipe of an image with one program. `identity` changes with the program."""
    return Recipe(name, identity, Path(__file__).with_name(f"{program.name}.Dockerfile"), program.parent, {})


def runtime(repository: Path, staged: Path, base: Base) -> Recipe:
    """Returns the recipe of the image that all services' images build on."""
    return Recipe(
        "runtime",
        base.reference + context.runtime_digest(repository),
        context.dockerfile(repository),
        staged,
        {"BASE_IMAGE": base.reference},
        target="runtime",
    )


def service(repository: Path, staged: Path, runtime: Recipe, name: str) -> Recipe:
    """Returns the recipe of a service's image."""
    return Recipe(
        name,
        runtime.reference + context.service_digest(repository, name),
        context.dockerfile(repository),
        staged,
        {"RUNTIME": runtime.reference, "SERVICE": name, "PACKAGE": package_name(name)},
    )
