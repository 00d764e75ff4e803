"""Fixtures for the tests of several parts of the emulation."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from boutique_offline.node import components
from boutique_offline.node.control_plane import control_plane
from boutique_offline.node.pki import Pki
from dev.progress import Progress
from dev.toolchain import Toolbox, ensure, ensure_kubernetes_plugin


@pytest.fixture(scope="session")
def toolbox() -> Toolbox:
    with Progress() as progress:
        ensure_kubernetes_plugin(progress)
        return ensure(["pulumi", "kubernetes"], progress)


@pytest.fixture(scope="session")
def kubeconfig(toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of a Kubernetes API with its controllers. It has no node: the tests set the state of pods."""
    directory, programs = tmp_path_factory.mktemp("cluster"), toolbox.tools["kubernetes"].directory
    with control_plane(directory, programs) as config, (directory / "controllers.log").open("wb") as log:
        command = components.controller_manager(programs, Pki(directory / "pki"), config)
        with subprocess.Popen([*command, "--secure-port=0"], stdout=log, stderr=log) as controllers:
            yield config
            controllers.kill()
