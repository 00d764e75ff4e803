"""`make shop`: the shop as plain processes, as a person meets it."""

import os
import signal
from collections.abc import Iterator

import pytest

from tests.e2e.browser import browser_page, buy
from tests.e2e.workspace import Workspace

pytestmark = pytest.mark.cluster

ADDRESS = "http://127.0.0.1:8080"


@pytest.fixture
def shop(workspace: Workspace) -> Iterator[str]:
    """Open for the test; what it printed when it closed is nobody's concern, that it ended well is."""
    process = workspace.start("shop")
    assert process.stdout is not None
    said = ""
    while ADDRESS not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    yield ADDRESS
    os.killpg(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert "The shop is closed." in rest


def test_a_shopper_buys_something_without_a_cluster(shop: str) -> None:
    with browser_page() as page:
        order = buy(page, shop)
    assert order.order_id
