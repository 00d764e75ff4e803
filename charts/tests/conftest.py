"""Fixtures that render a chart. Each test file has a fixture `chart` with the path of its chart."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.progress import Progress
from dev.toolchain.toolbox import ensure


@pytest.fixture(scope="session")
def helm() -> Path:
    with Progress() as progress:
        return ensure(["helm"], progress).command("helm")


@pytest.fixture
def template(helm: Path, chart: Path) -> Callable[[dict[str, Any]], subprocess.CompletedProcess[str]]:
    """Runs `helm template` for the release `store` with these values, and returns the finished process."""
    command: list[str | Path] = [helm, "template", "store", chart, "--namespace", "shop", "--values", "-"]

    def run(values: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, input=yaml.safe_dump(values), capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def render(
    template: Callable[[dict[str, Any]], subprocess.CompletedProcess[str]],
) -> Callable[..., list[Any]]:
    """Renders the chart as the release `store` with these values, and returns the objects."""

    def rendered(**values: object) -> list[Any]:
        finished = template({"existingSecret": "credentials"} | values)
        assert finished.returncode == 0, finished.stderr
        return [document for document in yaml.safe_load_all(finished.stdout) if document]

    return rendered
