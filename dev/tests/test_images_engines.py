"""Images of the real engines that are on this machine, from a base that has nothing in it."""

import json
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dev.errors import ActionableError
from dev.images.engines import Buildah, Docker, Login, Podman, find_engine
from dev.images.recipes import Recipe
from dev.progress import Progress

pytestmark = pytest.mark.cluster

_HASH_OF_SECRET = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
"""A bcrypt hash, which the registry requires."""
_DOCKERFILE = """\
FROM scratch AS shared
COPY shared /shared
FROM shared
ARG NAME
COPY ${NAME} /own
"""


@pytest.fixture(params=[Podman, Buildah])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Buildah]:
    engine: Buildah = request.param(tmp_path / "engine")
    if shutil.which(engine.name) is None:
        pytest.skip(f"{engine.name} is not here")
    yield engine
    engine.remove()


def _recipe(directory: Path, name: str) -> Recipe:
    context = directory / "context"
    context.mkdir(exist_ok=True)
    for file in ("shared", name):
        (context / file).write_text(file)
    dockerfile = directory / "Dockerfile"
    dockerfile.write_text(_DOCKERFILE)
    return Recipe(name, name, dockerfile, context, {"NAME": name})


def _names(archive: Path) -> set[str]:
    """The images in an archive of either format that containerd imports."""
    with tarfile.open(archive) as content:
        docker = "manifest.json" in content.getnames()
        file = content.extractfile("manifest.json" if docker else "index.json")
        assert file is not None
        listed = json.load(file)
    if docker:
        return {name for image in listed for name in image["RepoTags"]}
    return {image["annotations"]["io.containerd.image.name"] for image in listed["manifests"]}


def test_a_built_image_is_listed_and_in_the_archive(engine: Buildah, tmp_path: Path) -> None:
    recipes = [_recipe(tmp_path, name) for name in ("cart", "ad")]
    for recipe in recipes:
        engine.build(recipe)
    references = [recipe.reference for recipe in recipes]
    assert engine.images().keys() == set(references)
    engine.save(references, tmp_path / "archive.tar")
    assert _names(tmp_path / "archive.tar") == set(references)


def test_an_archive_has_each_layer_once(engine: Buildah, tmp_path: Path) -> None:
    recipes = [_recipe(tmp_path, name) for name in ("cart", "ad")]
    for recipe in recipes:
        engine.build(recipe)
    engine.save([recipe.reference for recipe in recipes], tmp_path / "archive.tar")
    with tarfile.open(tmp_path / "archive.tar") as content:
        files = [member.name for member in content if member.isfile()]
    assert len(files) == len(set(files))


def test_the_same_input_gives_the_same_image(engine: Buildah, tmp_path: Path) -> None:
    recipe = _recipe(tmp_path, "cart")
    engine.build(recipe)
    first = engine.images()
    engine.remove()
    for file in recipe.context.iterdir():
        os.utime(file, (1_000_000_000, 1_000_000_000))
    engine.build(recipe)
    assert engine.images() == first


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Runs a real registry that requires a password, and configures the engines to use it without TLS."""
    if shutil.which("docker-registry") is None:
        pytest.skip("docker-registry is not here")
    with socket.create_server(("127.0.0.1", 0)) as free:
        host = f"127.0.0.1:{free.getsockname()[1]}"
    passwords = tmp_path / "passwords"
    passwords.write_text(f"AWS:{_HASH_OF_SECRET}\n")
    configuration = tmp_path / "registry.json"
    storage = {"filesystem": {"rootdirectory": str(tmp_path / "registry")}}
    access = {"htpasswd": {"realm": "test", "path": str(passwords)}}
    configuration.write_text(json.dumps({"version": 0.1, "storage": storage, "auth": access, "http": {"addr": host}}))
    engines = tmp_path / "registries.conf"
    engines.write_text(f'[[registry]]\nlocation = "{host}"\ninsecure = true\n')
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(engines))
    with subprocess.Popen(["docker-registry", "serve", str(configuration)], stderr=subprocess.DEVNULL) as process:
        try:
            with httpx.Client(transport=httpx.HTTPTransport(retries=7), trust_env=False) as client:
                client.get(f"http://{host}/v2/")
            yield host
        finally:
            process.terminate()


def test_a_pushed_image_is_in_the_registry(engine: Buildah, registry: str, tmp_path: Path) -> None:
    recipe = _recipe(tmp_path, "cart")
    engine.build(recipe)
    engine.push({recipe.reference: f"{registry}/boutique-dev/cart:1"}, Login(registry, "AWS", "secret"))
    answer = httpx.get(f"http://{registry}/v2/boutique-dev/cart/tags/list", auth=("AWS", "secret"), trust_env=False)
    assert answer.json() == {"name": "boutique-dev/cart", "tags": ["1"]}


def test_a_rejection_by_the_registry_is_reported_without_the_password(
    engine: Buildah, registry: str, tmp_path: Path
) -> None:
    recipe = _recipe(tmp_path, "cart")
    engine.build(recipe)
    with pytest.raises(ActionableError, match=registry) as caught:
        engine.push({recipe.reference: f"{registry}/boutique-dev/cart:1"}, Login(registry, "AWS", "guessed"))
    assert "guessed" not in str(caught.value)


def test_a_build_that_fails_says_why(engine: Buildah, tmp_path: Path) -> None:
    recipe = _recipe(tmp_path, "cart")
    (recipe.context / "cart").unlink()
    with pytest.raises(ActionableError, match="cart"):
        engine.build(recipe)


def test_nothing_is_left_after_removal(engine: Buildah, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        anew = type(engine)(tmp_path / "anew")
        anew.build(_recipe(tmp_path, "cart"))
        assert any(Path(runtime).iterdir())
        anew.remove()
        mounts = Path("/proc/self/mounts").read_text()
        for directory in (runtime, str(tmp_path / "anew")):
            assert not any(Path(directory).rglob("*"))
            assert directory not in mounts


def test_a_machine_without_an_engine_is_an_error_that_lists_the_choices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with Progress() as progress, pytest.raises(ActionableError, match="requires Docker, podman, or buildah"):
        find_engine(tmp_path, progress)


def test_podman_is_used_where_docker_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, status in (("docker", 1), ("podman", 0)):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\nexit {status}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with Progress() as progress:
        assert find_engine(tmp_path, progress).name == "podman"
        (tmp_path / "docker").write_text("#!/bin/sh\nexit 0\n")
        assert isinstance(find_engine(tmp_path, progress), Docker)
