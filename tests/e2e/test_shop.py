"""Tests `make shop`, which runs the shop as plain processes."""

import os
import signal
from collections.abc import Iterator

import pytest

from tests.e2e.browser import browser_page, buy, buy_in_application
from tests.e2e.workspace import Workspace

pytestmark = pytest.mark.cluster

ADDRESSES = ("http://127.0.0.1:8080", "http://127.0.0.1:8081")


@pytest.fixture(scope="module")
def shop(workspace: Workspace) -> Iterator[tuple[str, str]]:
    """The addresses of the running shop. Stopping it has to succeed."""
    process = workspace.start("shop")
    assert process.stdout is not None
    output = ""
    while "  ".join(ADDRESSES) not in output:
        line = process.stdout.readline()
        assert line, output
        output += line
    yield ADDRESSES
    os.killpg(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert "The shop is stopped." in rest


def test_a_shopper_buys_something_without_a_cluster(shop: tuple[str, str]) -> None:
    with browser_page() as page:
        assert buy(page, shop[0]).order_id


def test_a_shopper_buys_something_in_the_application_without_a_cluster(shop: tuple[str, str]) -> None:
    with browser_page() as page:
        assert buy_in_application(page, shop[1]).order_id
