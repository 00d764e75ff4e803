"""Tests that the name of an image depends on its inputs."""

import shutil
from pathlib import Path

import pytest

from dev.errors import ActionableError
from dev.images import context, recipes
from dev.images.recipes import Base
from dev.toolchain import Tool, Toolbox

_BASE = Base("registry.example/python:3.11", "3.11", recipe=None)
_DOCKERFILE = Path(__file__).parents[2] / "services/Dockerfile"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    files = {
        "requirements.lock": "grpcio==1.85.1\n",
        "lib/runtime/src/boutique_runtime/serving.py": "",
        "cart/service.yaml": "port: 7070\n",
        "cart/src/boutique_cart/__main__.py": "print('cart')\n",
        "ad/service.yaml": "port: 9555\n",
        "ad/src/boutique_ad/__main__.py": "print('ad')\n",
        "lib/contract/src/boutique_contract/limits.py": "",
        "lib/testing/src/boutique_testing/plugin.py": "",
    }
    for name, content in files.items():
        file = tmp_path / "services" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    shutil.copy(_DOCKERFILE, tmp_path / "services")
    return tmp_path


def _references(repository: Path, base: Base = _BASE) -> dict[str, str]:
    staged = repository / "staged"
    runtime = recipes.runtime(repository, staged, base)
    names = context.service_names(repository)
    return {name: recipes.service(repository, staged, runtime, name).reference for name in names}


def _changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_every_folder_with_a_service_file_has_an_image(repository: Path) -> None:
    assert context.service_names(repository) == ["ad", "cart"]


def test_names_stay_the_same_if_nothing_changes(repository: Path) -> None:
    assert _references(repository) == _references(repository)


def test_a_changed_service_changes_only_its_own_name(repository: Path) -> None:
    before = _references(repository)
    (repository / "services/cart/src/boutique_cart/__main__.py").write_text("print('basket')\n")
    assert _changed(before, _references(repository)) == {"cart"}


def test_a_file_moved_within_a_service_changes_its_name(repository: Path) -> None:
    before = _references(repository)
    source = repository / "services/cart/src/boutique_cart"
    (source / "__main__.py").rename(source / "main.py")
    assert _changed(before, _references(repository)) == {"cart"}


def test_a_services_own_dependencies_change_only_its_name(repository: Path) -> None:
    before = _references(repository)
    (repository / "services/ad/requirements.lock").write_text("locust==2.43.0\n")
    assert _changed(before, _references(repository)) == {"ad"}


@pytest.mark.parametrize(
    "shared",
    [
        "requirements.lock",
        "lib/contract/src/boutique_contract/limits.py",
        "lib/runtime/src/boutique_runtime/serving.py",
    ],
)
def test_a_shared_input_changes_every_name(repository: Path, shared: str) -> None:
    before = _references(repository)
    with (repository / "services" / shared).open("a") as file:
        file.write("# more\n")
    assert _changed(before, _references(repository)) == {"ad", "cart"}


def test_another_base_changes_every_name(repository: Path) -> None:
    other = Base("registry.example/python:3.12", "3.12", recipe=None)
    assert _changed(_references(repository), _references(repository, other)) == {"ad", "cart"}


def test_an_instruction_of_the_dockerfile_changes_every_name_and_a_comment_none(repository: Path) -> None:
    before = _references(repository)
    dockerfile = repository / "services/Dockerfile"
    dockerfile.write_text("# A remark.\n" + dockerfile.read_text())
    assert _changed(before, _references(repository)) == set()
    dockerfile.write_text(dockerfile.read_text() + "LABEL more=less\n")
    assert _changed(before, _references(repository)) == {"ad", "cart"}


def stage_cart(repository: Path, destination: Path, tools: dict[str, Tool] | None = None) -> None:
    context.stage_service(
        repository,
        destination,
        "cart",
        python="3.11",
        uv=Path("uv"),
        cache=destination,
        toolbox=Toolbox(tools or {}),
    )


def test_a_program_that_a_service_requests_is_only_in_its_image(repository: Path, tmp_path: Path) -> None:
    before = _references(repository)
    (repository / "services/cart/service.yaml").write_text("programs: [k6]\n")
    (tmp_path / "tool").mkdir()
    (tmp_path / "tool/k6").write_text("the program")
    stage_cart(repository, tmp_path / "context", {"k6": Tool("k6", "1", tmp_path / "tool", "made by the test")})
    program = tmp_path / "context/services/cart/bin/k6"
    assert (program.read_text(), program.stat().st_mode & 0o777, program.stat().st_mtime) == ("the program", 0o755, 0)
    assert _changed(before, _references(repository)) == {"cart"}


def test_an_image_contains_neither_byte_code_nor_tests(repository: Path, tmp_path: Path) -> None:
    before = _references(repository)
    for name in ("src/boutique_cart/__pycache__/cart.cpython-311.pyc", "tests/test_cart.py"):
        file = repository / "services/cart" / name
        file.parent.mkdir(parents=True)
        file.write_text("")
    assert _references(repository) == before
    stage_cart(repository, tmp_path / "context")
    staged = tmp_path / "context/services/cart"
    assert [file.relative_to(staged) for file in staged.rglob("*") if file.is_file()] == [
        Path("boutique_cart/__main__.py")
    ]


def test_staged_files_have_neutral_dates_and_modes(repository: Path, tmp_path: Path) -> None:
    source = repository / "services/cart/src/boutique_cart/__main__.py"
    source.chmod(0o600)
    stage_cart(repository, tmp_path / "context")
    staged = (tmp_path / "context/services/cart/boutique_cart/__main__.py").stat()
    assert (staged.st_mode & 0o777, staged.st_mtime) == (0o644, 0)


@pytest.fixture
def uv(tmp_path: Path) -> Path:
    """Installs data of two of AWS's services, and says where it was called."""
    program = tmp_path / "uv"
    program.write_text(
        """#!/bin/sh
        pwd > "$0.called-in"
        while [ "$1" != --target ]; do shift; done
        mkdir -p "$2/botocore/data/ec2" "$2/botocore/data/secretsmanager"
        touch "$2/botocore/data/endpoints.json"
        """
    )
    program.chmod(0o755)
    return program


def test_an_image_has_data_only_of_the_aws_services_that_the_shop_uses(
    repository: Path, tmp_path: Path, uv: Path
) -> None:
    context.stage_runtime(repository, tmp_path / "context", python="3.11", uv=uv, cache=tmp_path / "cache")
    known = {path.name for path in (tmp_path / "context/dependencies/botocore/data").iterdir()}
    assert known == {"endpoints.json", "secretsmanager"}


def test_overrides_of_the_workspace_do_not_affect_an_image(repository: Path, tmp_path: Path, uv: Path) -> None:
    context.stage_runtime(repository, tmp_path / "context", python="3.11", uv=uv, cache=tmp_path / "cache")
    assert uv.with_name("uv.called-in").read_text().strip() == str(tmp_path / "cache")


def test_the_base_and_its_python_are_those_that_the_dockerfile_names(repository: Path) -> None:
    base = recipes.official_base(repository)
    assert base.python == "3.11"
    assert f"ARG BASE_IMAGE={base.reference}\n" in _DOCKERFILE.read_text()


def test_a_dockerfile_that_names_no_python_is_refused(repository: Path) -> None:
    (repository / "services/Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(ActionableError, match="must name a Python base image"):
        recipes.official_base(repository)
