import pytest

from dev.progress import Progress
from dev.toolchain import Toolbox, ensure


@pytest.fixture(scope="session")
def toolbox() -> Toolbox:
    with Progress() as progress:
        return ensure(["pulumi"], progress)
