"""The checks and tests of the repository, each run by its own tool from the virtual environment."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from dev.errors import ActionableError
from dev.virtual_environment import ENVIRONMENT, PYTHON, ROOT, workspace_members

_DOCUMENTATION = "tests/test_documentation.py"
_CONTRACT = ROOT / "services" / "lib" / "contract"
# One more than there are cores, since tests wait for servers. The tests of one file share servers: they stay together.
_PROCESSES = min((os.cpu_count() or 1) + 1, 4)
_IN_PARALLEL = (f"--numprocesses={_PROCESSES}", "--dist=loadfile")
_END_TO_END_LAST = "tests/e2e"


def style() -> None:
    """Checks the format, lints, and checks what the documents say. Raises ActionableError for a finding."""
    _run("ruff", "format", "--check", "--quiet", ".")
    _run("ruff", "check", "--quiet", ".")
    run_tests(["--quiet", _DOCUMENTATION])


def types() -> None:
    """Checks the types. Raises ActionableError for a finding."""
    sources = [str(member / "src") for member in workspace_members() if (member / "src").is_dir()]
    _run("mypy", variables={"MYPYPATH": os.pathsep.join(sources)})


def imports() -> None:
    """Checks the import rules of pyproject.toml. Raises ActionableError for a finding."""
    _run("lint-imports", "--no-cache")


def unit_tests(folders: Sequence[str]) -> None:
    """Runs the tests in the folders that need neither the engine nor a cluster; all of them if none is named."""
    run_tests([*_IN_PARALLEL, *folders])


def end_to_end_tests(folders: Sequence[str]) -> None:
    """Runs the tests in the folders that need the engine and a cluster, up to the first that fails.

    Without a folder, runs those of the parts before those of the whole.
    """
    parts = sorted({path.relative_to(ROOT).parts[0] for path in ROOT.glob("*/**/test_*.py")} - {".venv", "tests"})
    run_tests(["-m", "cluster", "--exitfirst", *(folders or [*parts, _END_TO_END_LAST])])


def run_tests(arguments: Sequence[str]) -> None:
    """Runs pytest. Raises ActionableError if a test fails."""
    _run("pytest", *arguments)


def run_module(module: str) -> None:
    """Runs a module of the repository as a program. Raises ActionableError if it fails."""
    _run(PYTHON.name, "-m", module)


def format_code() -> None:
    """Formats the code, and fixes what the linter can fix."""
    _run("ruff", "format", ".")
    _run("ruff", "check", "--fix", ".")


def generate_stubs(target: Path = _CONTRACT / "src") -> None:
    """Generates the gRPC stubs, with types, from the protos into the folder."""
    plugins = [f"--plugin=protoc-gen-{name}={ENVIRONMENT}/bin/protoc-gen-{name}" for name in ("mypy", "mypy_grpc")]
    outputs = [f"--{kind}_out={target}" for kind in ("python", "grpc_python", "mypy", "mypy_grpc")]
    compiler = [PYTHON.name, "-m", "grpc_tools.protoc", f"--proto_path={_CONTRACT}/protos"]
    _run(*compiler, *plugins, *outputs, "hipstershop/shop.proto")


def _run(program: str, *arguments: str, variables: dict[str, str] | None = None) -> None:
    command = [str(ENVIRONMENT / "bin" / program), *arguments]
    process = subprocess.run(command, check=False, cwd=ROOT, env={**os.environ, **(variables or {})})
    if process.returncode != 0:
        raise ActionableError(f"`{program} {' '.join(arguments)}`".rstrip("` ") + "` failed.")
