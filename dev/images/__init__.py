"""Builds the shop's images with the available engine, and delivers them to a cluster as one archive.

An image's tag is a digest of its inputs: a service that did not change keeps its tag, and a change of one service
changes one tag.
"""

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from dev.directories import cache_directory, state_directory
from dev.errors import ActionableError
from dev.images import context, debian, recipes, registry
from dev.images.engines import Engine, Login, find_engine
from dev.images.recipes import Base, Recipe
from dev.progress import Progress, Step
from dev.toolchain import ensure, identity

_DATABASES = ("postgres", "redis")
_BUCKET_PROGRAM = "rclone"
_SPACE_NEEDED = 2 << 30  # bytes: the storage, and the archive


@dataclass(frozen=True)
class Image:
    """An image that was built.

    Args:
        reference: Its name, such as boutique.local/cart:1f3c0e….
        digest: The digest of its configuration, `sha256:…`, which a cluster shows as the image's ID.
    """

    reference: str
    digest: str


@dataclass(frozen=True)
class Delivery:
    """The images that a cluster needs to run the shop.

    Args:
        images: The images by service, and by chart if the image in the chart's values cannot be pulled.
        archive: One archive of all images, for `ctr images import` or `kind load image-archive`.
    """

    images: Mapping[str, Image]
    archive: Path


def build(repository: Path, *, uv: Path, progress: Progress) -> Delivery:
    """Builds the missing images, and an archive of all images.

    Raises:
        ActionableError: There is no engine to build with, a build fails, or the disk is too full.
    """
    engine, plan = _prepare(repository, progress)
    wanted = {**plan.services, **plan.stores}
    built = _build_missing(engine, repository, plan, wanted, uv, progress)
    images = {name: Image(recipe.reference, built[recipe.reference]) for name, recipe in wanted.items()}
    references = sorted(image.reference for image in images.values())
    return Delivery(images, _archive(engine, _directory(), references, progress))


def tags(repository: Path, progress: Progress) -> dict[str, str]:
    """Returns the tag of each service's image, without building any."""
    plan = _plan(repository, _ensure_directory(), progress)
    return {name: recipe.reference.rpartition(":")[2] for name, recipe in plan.services.items()}


def push(repository: Path, destinations: Mapping[str, str], login: Login, *, uv: Path, progress: Progress) -> None:
    """Builds the missing images of the services, and pushes each to its destination.

    Raises:
        ActionableError: A build fails as in `build`, or the registry rejects an image.
    """
    engine, plan = _prepare(repository, progress)
    wanted = {name: plan.services[name] for name in destinations}
    _build_missing(engine, repository, plan, wanted, uv, progress)
    with progress.step(f"Pushing {len(wanted)} images to {login.registry}"):
        engine.push({wanted[name].reference: destination for name, destination in destinations.items()}, login)


def archives(
    repository: Path, services: Sequence[str], directory: Path, *, uv: Path, progress: Progress
) -> dict[str, Path]:
    """Builds the missing images of the services, and writes each to an archive of its own.

    Raises:
        ActionableError: A build fails as in `build`, or there is no such service.
    """
    engine, plan = _prepare(repository, progress)
    if unknown := sorted(set(services) - plan.services.keys()):
        raise ActionableError(f"There is no image of {', '.join(unknown)}. The images are {', '.join(plan.services)}.")
    wanted = {name: plan.services[name] for name in services}
    _build_missing(engine, repository, plan, wanted, uv, progress)
    written = {name: directory / f"{name}.tar" for name in services}
    for name, archive in written.items():
        engine.save([wanted[name].reference], archive)
    return written


def remove(progress: Progress) -> None:
    """Removes everything that was built. Downloads stay in the cache."""
    directory = _directory()
    if directory.exists():
        with progress.step("Removing the images"):
            find_engine(directory, progress).remove()
            shutil.rmtree(directory)


@dataclass(frozen=True)
class _Plan:
    """The images to build. Those of the stores are included only if the official ones cannot be pulled."""

    base: Base
    staged: Path
    runtime: Recipe
    services: Mapping[str, Recipe]
    stores: Mapping[str, Recipe]


def _directory() -> Path:
    return state_directory() / "images"


def _ensure_directory() -> Path:
    directory = _directory()
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _prepare(repository: Path, progress: Progress) -> tuple[Engine, _Plan]:
    directory = _ensure_directory()
    return find_engine(directory, progress), _plan(repository, directory, progress)


def _plan(repository: Path, directory: Path, progress: Progress) -> _Plan:
    base, stores = _base_and_stores(repository, directory, progress)
    staged = directory / "context"
    runtime = recipes.runtime(repository, staged, base)
    services = {name: recipes.service(repository, staged, runtime, name) for name in context.service_names(repository)}
    return _Plan(base, staged, runtime, services, stores)


def _build_missing(
    engine: Engine, repository: Path, plan: _Plan, wanted: Mapping[str, Recipe], uv: Path, progress: Progress
) -> dict[str, str]:
    """Builds the missing images. Returns the digest of every image by its reference."""
    built = engine.images()
    missing = {name: recipe for name, recipe in wanted.items() if recipe.reference not in built}
    if not missing:
        return built
    _require_space(_directory())
    toolbox = ensure(
        {program for name in plan.services.keys() & missing.keys() for program in context.programs(repository, name)},
        progress,
    )
    with progress.step(f"Building {len(missing)} of {len(wanted)} images with {engine.name}") as step:
        if plan.runtime.reference not in built:
            step.update("the layers that they share")
            if plan.base.recipe:
                engine.build(plan.base.recipe)
            context.stage_runtime(repository, plan.staged, python=plan.base.python, uv=uv, cache=cache_directory())
            engine.build(plan.runtime)
        for name in plan.services.keys() & missing.keys():
            context.stage_service(
                repository,
                plan.staged,
                name,
                python=plan.base.python,
                uv=uv,
                cache=cache_directory(),
                toolbox=toolbox,
            )
        _build_all(engine, missing, step)
    return engine.images()


def _base_and_stores(repository: Path, directory: Path, progress: Progress) -> tuple[Base, dict[str, Recipe]]:
    """Returns the base of the services' images, and the stores' images if those have to be built as well."""
    base = recipes.official_base(repository)
    if _can_pull(base.reference, directory / "pulls", progress):
        return base, {}
    descriptions = [debian.Description.read(name) for name in ("python", *_DATABASES)]
    roots = debian.build_roots(descriptions, cache_directory() / "images", progress)
    rclone = ensure([_BUCKET_PROGRAM], progress).command(_BUCKET_PROGRAM)
    stores = {name: recipes.from_root(name, roots[name]) for name in _DATABASES}
    return recipes.debian_base(roots["python"]), {
        **stores,
        "bucket": recipes.from_program("bucket", rclone, identity(_BUCKET_PROGRAM)),
    }


def _can_pull(reference: str, decision: Path, progress: Progress) -> bool:
    """Returns whether the image can be pulled.

    The first decision holds until the shop is removed: otherwise a short network failure would change every image.
    """
    if not decision.exists():
        if not (reachable := registry.is_reachable(reference)):
            progress.note(f"{reference} cannot be pulled: its registry does not respond.")
        decision.write_text("yes" if reachable else "no")
    return decision.read_text() == "yes"


def _require_space(directory: Path) -> None:
    if (free := shutil.disk_usage(directory).free) < _SPACE_NEEDED:
        raise ActionableError(
            f"{directory} has {free >> 20} MiB free; the images take up to {_SPACE_NEEDED >> 20} MiB."
        )


def _build_all(engine: Engine, missing: Mapping[str, Recipe], step: Step) -> None:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        building = {pool.submit(engine.build, recipe): name for name, recipe in missing.items()}
        for count, done in enumerate(as_completed(building), start=1):
            done.result()
            step.update(f"{count} of {len(missing)}, {building[done]}")


def _archive(engine: Engine, directory: Path, references: Sequence[str], progress: Progress) -> Path:
    """Returns an archive of exactly these images. Writes it if it does not exist, and deletes those of other images."""
    name = hashlib.sha256(" ".join(references).encode()).hexdigest()[:16]
    archive = directory / f"{name}.tar"
    if not archive.exists():
        for other in directory.glob("*.tar"):
            other.unlink()
        with progress.step("Packing the images into one archive"):
            engine.save(references, archive)
    return archive
