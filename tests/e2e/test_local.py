"""Tests the stack `local` as a person uses it: up, buy, change, drift, errors, faults under load, down.

Each test restores what it changed, but the tests have to run in this order.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import yaml

from boutique_definition.service_file import load_service_files
from tests.e2e.browser import browser_page, buy
from tests.e2e.conftest import RunningShop
from tests.e2e.shoppers import Shoppers
from tests.e2e.workspace import STATE, Workspace, lines_with

pytestmark = pytest.mark.cluster

ORDERS_BETWEEN_FAULTS = 3


@contextmanager
def changed_settings(workspace: Workspace, **services: dict[str, object]) -> Iterator[None]:
    """Changes the settings of some services until the block ends."""
    original = workspace.settings.read_text()
    content = yaml.safe_load(original)
    content["config"]["boutique:shop"]["services"] |= services
    workspace.settings.write_text(yaml.safe_dump(content))
    try:
        yield
    finally:
        workspace.settings.write_text(original)


def test_up_prints_the_addresses_of_the_shop(shop: RunningShop) -> None:
    assert shop.address in shop.up
    assert shop.application_address in shop.up
    deployments = {entry["metadata"]["name"]: entry for entry in shop.kubectl.get("deployments")["items"]}
    services = {path.parent.name for path in shop.workspace.directory.glob("services/*/service.yaml")}
    assert services <= deployments.keys()
    for deployment in deployments.values():
        assert deployment["status"]["readyReplicas"] == deployment["spec"]["replicas"]


def test_a_shopper_buys_something(shop: RunningShop) -> None:
    with browser_page() as page:
        order = buy(page, shop.address)
    stored = shop.kubectl.query(f"SELECT count(*) FROM orders.orders WHERE id = '{order.order_id}'")
    assert stored == ["1"]
    mails = lines_with(shop.kubectl.logs("email"), ["confirmation rendered", order.order_id])
    assert len(mails) == 1


def test_a_shopper_buys_something_on_a_phone(shop: RunningShop) -> None:
    with browser_page(width=360, height=740) as page:
        order = buy(page, shop.address)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert order.order_id


def test_status_shows_every_pod(shop: RunningShop) -> None:
    output = shop.workspace.make("status")
    for pod in shop.kubectl.get("pods")["items"]:
        # The migrations have ended by then. Their pods are kept with the jobs.
        state = ["0/1", "Succeeded"] if "-migration-" in pod["metadata"]["name"] else ["1/1", "Running"]
        assert lines_with(output, [pod["metadata"]["name"], *state])


def test_a_preview_right_after_up_shows_no_change(shop: RunningShop) -> None:
    assert changes(shop.workspace.make("preview")) == []


def test_a_second_up_changes_nothing(shop: RunningShop) -> None:
    before = generations(shop)
    assert changes(shop.workspace.make("up")) == []
    assert generations(shop) == before


def test_a_changed_setting_changes_only_that_field(shop: RunningShop) -> None:
    before = generations(shop)
    with changed_settings(shop.workspace, ad={"replicas": 2}):
        preview = shop.workspace.make("preview")
        assert lines_with(preview, ["~ replicas", "1", "2"])
        shop.workspace.make("up")
        assert [name for name, generation in generations(shop).items() if generation != before[name]] == ["ad"]
        assert len(shop.kubectl.pods("ad")) == 2
    shop.workspace.make("up")
    assert len(shop.kubectl.pods("ad")) == 1


def test_a_change_outside_pulumi_is_shown_and_reverted(shop: RunningShop) -> None:
    shop.kubectl.run("scale", "deployment/ad", "--replicas=3")
    shop.kubectl.run("delete", "configmap/shipping")
    refresh = shop.workspace.make("refresh")
    assert lines_with(refresh, ["replicas", "3"])
    assert lines_with(refresh, ["ConfigMap", "shipping"])
    shop.workspace.make("up")
    assert shop.kubectl.get("deployment/ad")["spec"]["replicas"] == 1
    assert shop.kubectl.get("configmap/shipping")["data"]["PORT"] == "50051"


def test_a_missing_image_fails_with_the_pod_and_the_cause(shop: RunningShop) -> None:
    with changed_settings(shop.workspace, cart={"image": "boutique/cart:nowhere"}):
        output = shop.workspace.make("up", fails=True)
        assert lines_with(output, ["cart-", "boutique/cart:nowhere"])
        assert any(word in output for word in ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull"))
        with browser_page() as page:
            buy(page, shop.address)
    shop.workspace.make("up")
    assert changes(shop.workspace.make("preview")) == []


def test_a_preview_fails_on_what_only_kubernetes_refuses(shop: RunningShop) -> None:
    # Settings allow a variable name of any length. Kubernetes limits the keys of a ConfigMap to 253 characters.
    with changed_settings(shop.workspace, ad={"environment": {"X" * 254: "1"}}):
        output = shop.workspace.make("preview", fails=True)
    assert lines_with(output, ['ConfigMap "ad" is invalid', "must be no more than 253"])


def test_an_error_in_the_settings_is_reported_before_anything_changes(shop: RunningShop) -> None:
    with changed_settings(shop.workspace, ad={"replicas": "many"}):
        output = shop.workspace.make("up", fails=True)
    assert lines_with(output, ["stacks/Pulumi.local.yaml", "boutique:shop.services.ad.replicas", "'many'"])
    assert "Traceback" not in output


def test_up_continues_after_it_was_killed(shop: RunningShop) -> None:
    with changed_settings(shop.workspace, ad={"replicas": 2}, email={"replicas": 2}):
        shop.workspace.kill("up", once_it_prints="~  kubernetes:apps/v1:Deployment")
        shop.workspace.make("up")
        assert len(shop.kubectl.pods("ad")) == 2
    shop.workspace.make("up")


def test_no_order_is_lost_while_a_pod_of_each_service_and_store_is_killed(shop: RunningShop) -> None:
    services = load_service_files(shop.workspace.directory / "services")
    pods = [shop.kubectl.pods(name)[0] for name, file in services.items() if file.port is not None]
    pods += ["cart-data-replica-0", "cart-data-0", "product-data-replica-0", "product-data-0"]
    with Shoppers(shop.address) as shoppers:
        for pod in pods:
            shoppers.wait_for_orders(ORDERS_BETWEEN_FAULTS)
            shop.kubectl.kill(pod)
        shoppers.wait_for_orders(ORDERS_BETWEEN_FAULTS)
    print(json.dumps(shoppers.summary, indent=2))
    assert shoppers.orders <= set(shop.kubectl.query("SELECT id FROM orders.orders WHERE status = 'placed'"))
    # A request that the killed pod is handling may fail. At this rate, that is at most one order per pod.
    assert shoppers.summary["pages"]["POST /cart/checkout"]["failures"] <= len(pods)


def test_down_continues_after_it_was_killed_and_leaves_nothing(shop: RunningShop) -> None:
    shop.workspace.kill("down", once_it_prints="deleted")
    output = shop.workspace.make("down")
    assert "Nothing is left" in output
    assert not STATE.exists()
    with pytest.raises(httpx.TransportError):
        httpx.get(shop.address, trust_env=False)
    assert "Nothing is running" in shop.workspace.make("down")


def changes(output: str) -> list[str]:
    """Returns the lines of Pulumi's summary that report a change."""
    summary = output[output.rindex("Resources:") :].splitlines()
    return [line for line in summary if line.strip().startswith(("+", "-", "~", "±"))]


def generations(shop: RunningShop) -> dict[str, int]:
    """Returns how often the specification of each Deployment was changed."""
    deployments = shop.kubectl.get("deployments")["items"]
    return {entry["metadata"]["name"]: entry["metadata"]["generation"] for entry in deployments}
