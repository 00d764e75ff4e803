import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from boutique_offline.node import components
from boutique_offline.node.control_plane import control_plane
from boutique_offline.node.pki import Pki
from boutique_offline.plugins.kubernetes.api import Api
from boutique_offline.plugins.kubernetes.discovery import Discovery
from boutique_offline.plugins.kubernetes.kubeconfig import load
from dev.progress import Progress
from dev.toolchain.toolbox import Toolbox, ensure
from offline.tests.plugins.stack import PLUGINS, Stack


@pytest.fixture(scope="session")
def toolbox() -> Toolbox:
    with Progress() as progress:
        return ensure(["pulumi", "helm", "kubernetes"], progress)


@pytest.fixture(scope="session")
def kubeconfig(toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Of a Kubernetes API with its controllers; there is no node, so that pods are whatever a test says they are."""
    directory, programs = tmp_path_factory.mktemp("cluster"), toolbox.tools["kubernetes"].directory
    with control_plane(directory, programs) as config, (directory / "controllers.log").open("wb") as log:
        command = components.controller_manager(programs, Pki(directory / "pki"), config)
        with subprocess.Popen([*command, "--secure-port=0"], stdout=log, stderr=log) as controllers:
            yield config
            controllers.kill()


@pytest.fixture
async def stack(toolbox: Toolbox, kubeconfig: Path, tmp_path: Path) -> AsyncIterator[Stack]:
    directories = [
        PLUGINS / "kubernetes",
        Path(sys.executable).parent,
        *(tool.directory for tool in toolbox.tools.values()),
    ]
    path = os.pathsep.join([*map(str, directories), os.environ["PATH"]])
    async with Api(load(str(kubeconfig), None)) as api:
        stack = Stack(tmp_path, f"trial-{secrets.token_hex(3)}", kubeconfig, path, api, Discovery(api))
        await stack.start()
        yield stack
