"""What each image is made of, and what it is therefore called."""

import hashlib
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from local.errors import ActionableError
from local.images import context, debian

STORES = ("postgres", "redis")


@dataclass(frozen=True)
class Recipe:
    """All it takes to build one image; its name ends in what it is made of."""

    name: str
    ingredients: str
    dockerfile: Path
    context: Path
    arguments: Mapping[str, str] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        made_of = self.dockerfile.read_text() + self.ingredients
        return f"boutique/{self.name}:{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"


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


def debian_roots(cache: Path) -> dict[str, debian.Root]:
    """Root file systems made of packages, for the base and the stores."""
    names = ("python", *STORES)
    with ThreadPoolExecutor() as pool:
        roots = pool.map(lambda name: debian.make_root(debian.Description.read(name), cache), names)
        return dict(zip(names, roots, strict=True))


def debian_base(root: debian.Root) -> Base:
    """One made of Debian packages."""
    recipe = debian_recipe("python", root)
    version = re.match(r"\d+\.\d+", root.packages["python3-minimal"])
    if version is None:
        raise ActionableError(f"Debian's python3-minimal has an unknown version: {root.packages['python3-minimal']}.")
    return Base(recipe.reference, version[0], recipe)


def debian_recipe(name: str, root: debian.Root) -> Recipe:
    """An image of a root file system."""
    dockerfile = debian.dockerfile(name)
    return Recipe(name, root.digest, dockerfile, root.archive.parent, {"ROOT": root.archive.name})


def service_recipe(repository: Path, service: str, base: Base, staged: Path) -> Recipe:
    """An image of a service, from the context that is staged there."""
    ingredients = base.reference + context.input_digest(repository, service)
    arguments = {"BASE_IMAGE": base.reference, "SERVICE": service}
    return Recipe(service, ingredients, context.dockerfile(repository), staged, arguments)
