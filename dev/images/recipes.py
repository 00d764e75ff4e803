"""What each image is made of, and what it is therefore called."""

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
    """All it takes to build one image, which is named by what it is made of."""

    name: str
    ingredients: str
    dockerfile: Path
    context: Path
    arguments: Mapping[str, str]
    target: str = ""  # the Dockerfile's stage, when it is not the last

    @property
    def reference(self) -> str:
        instructions = [line for line in self.dockerfile.read_text().splitlines() if not line.startswith("#")]
        made_of = "\n".join([*instructions, self.ingredients])
        # With a registry's name in front, which no registry has, each tool takes the name as it is.
        return f"boutique.local/{self.name}:{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Base:
    """What the services' images are built on."""

    reference: str
    python: str  # the version of its Python, such as 3.11
    recipe: Recipe | None  # where it cannot be pulled


def official_base(repository: Path) -> Base:
    """The one that services/Dockerfile names."""
    dockerfile = context.dockerfile(repository)
    named = re.search(r"^ARG BASE_IMAGE=(\S+python:(\d+\.\d+)\S*)$", dockerfile.read_text(), re.MULTILINE)
    if named is None:
        raise ActionableError(f"{dockerfile} names no base image of Python: `ARG BASE_IMAGE=…/python:3.…`.")
    return Base(reference=named[1], python=named[2], recipe=None)


def debian_base(root: debian.Root) -> Base:
    """One made of Debian packages."""
    recipe = from_root("python", root)
    version = re.match(r"\d+\.\d+", root.packages["python3-minimal"])
    if version is None:
        raise ActionableError(f"Debian's python3-minimal has an unknown version: {root.packages['python3-minimal']}.")
    return Base(recipe.reference, version[0], recipe)


def from_root(name: str, root: debian.Root) -> Recipe:
    """An image of a root file system."""
    return Recipe(name, root.digest, debian.dockerfile(name), root.archive.parent, {"ROOT": root.archive.name})


def from_program(name: str, program: Path, identity: str) -> Recipe:
    """An image of one program, whose `identity` says all that it is."""
    return Recipe(name, identity, Path(__file__).with_name(f"{program.name}.Dockerfile"), program.parent, {})


def runtime(repository: Path, staged: Path, base: Base) -> Recipe:
    """What all services' images share."""
    return Recipe(
        "runtime",
        base.reference + context.runtime_digest(repository),
        context.dockerfile(repository),
        staged,
        {"BASE_IMAGE": base.reference},
        target="runtime",
    )


def service(repository: Path, staged: Path, runtime: Recipe, name: str) -> Recipe:
    """A service's image."""
    return Recipe(
        name,
        runtime.reference + context.service_digest(repository, name),
        context.dockerfile(repository),
        staged,
        {"RUNTIME": runtime.reference, "SERVICE": name, "PACKAGE": package_name(name)},
    )
