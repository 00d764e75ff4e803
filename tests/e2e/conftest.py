"""Fixtures: the shop, which `make up` deploys once, for tests that use, change, break, and remove it in this order."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.browser import PICTURES
from tests.e2e.workspace import Kubectl, Workspace

ADDRESS = "http://localhost:30080"
APPLICATION_ADDRESS = "http://localhost:30081"


@dataclass(frozen=True)
class RunningShop:
    """The deployed shop.

    Args:
        up: The output of the first `make up`.
    """

    workspace: Workspace
    kubectl: Kubectl
    address: str
    application_address: str
    up: str


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session", autouse=True)
def pictures() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="session")
def shop(workspace: Workspace) -> Iterator[RunningShop]:
    workspace.make("down")  # a killed run may have left something
    try:
        output = workspace.make("up")
        yield RunningShop(workspace, Kubectl(), ADDRESS, APPLICATION_ADDRESS, output)
    finally:
        workspace.make("down")
