"""The stack `local`, as a person meets it: up, buy, change, drift, break, mend, load and faults, down.

Each test leaves the shop as it found it, but they run in this order.
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
    """The settings file with what it says of some services changed, and as it was afterwards."""
    before = workspace.settings.read_text()
    content = yaml.safe_load(before)
    content["config"]["boutique:shop"]["services"] |= services
    workspace.settings.write_text(yaml.safe_dump(content))
    try:
        yield
    finally:
        workspace.settings.write_text(before)


def test_up_says_where_the_shop_is(shop: RunningShop) -> None:
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
        # A migration has ended by then, and its pod stays with the job.
        state = ["0/1", "Succeeded"] if "-migration-" in pod["metadata"]["name"] else ["1/1", "Running"]
        assert lines_with(output, [pod["metadata"]["name"], *state])


def test_a_preview_right_after_shows_no_change(shop: RunningShop) -> None:
    assert changes(shop.workspace.make("preview")) == []


def test_a_second_up_changes_nothing(shop: RunningShop) -> None:
    before = generations(shop)
    assert changes(shop.workspace.make("up")) == []
    assert generations(shop) == before


def test_a_changed_setting_changes_that_field_alone(shop: RunningShop) -> None:
    before = generations(shop)
    with changed_settings(shop.workspace, ad={"replicas": 2}):
        preview = shop.workspace.make("preview")
        assert lines_with(preview, ["~ replicas", "1", "2"])
        shop.workspace.make("up")
        assert [name for name, generation in generations(shop).items() if generation != before[name]] == ["ad"]
        assert len(shop.kubectl.pods("ad")) == 2
    shop.workspace.make("up")
    assert len(shop.kubectl.pods("ad")) == 1


def test_a_change_behind_pulumi_s_back_is_shown_and_mended(shop: RunningShop) -> None:
    shop.kubectl.run("scale", "deployment/ad", "--replicas=3")
    shop.kubectl.run("delete", "configmap/shipping")
    refresh = shop.workspace.make("refresh")
    assert lines_with(refresh, ["replicas", "3"])
    assert lines_with(refresh, ["ConfigMap", "shipping"])
    shop.workspace.make("up")
    assert shop.kubectl.get("deployment/ad")["spec"]["replicas"] == 1
    assert shop.kubectl.get("configmap/shipping")["data"]["PORT"] == "50051"


def test_an_image_that_is_not_there_fails_with_the_pod_and_the_cause(shop: RunningShop) -> None:
    with changed_settings(shop.workspace, cart={"image": "boutique/cart:nowhere"}):
        output = shop.workspace.make("up", fails=True)
        assert lines_with(output, ["cart-", "boutique/cart:nowhere"])
        assert any(word in output for word in ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull"))
        with browser_page() as page:
            buy(page, shop.address)
    shop.workspace.make("up")
    assert changes(shop.workspace.make("preview")) == []


def test_what_kubernetes_would_refuse_fails_in_the_preview(shop: RunningShop) -> None:
    program = shop.workspace.directory / "infra" / "shop" / "pod.py"
    before = program.read_text()
    program.write_text(before.replace("_CLOSING_SECONDS = 15", "_CLOSING_SECONDS = -1000"))
    output = shop.workspace.make("preview", fails=True)
    program.write_text(before)
    assert lines_with(output, ["spec.template.spec.containers[0].lifecycle.preStop.sleep", "must be non-negative"])


def test_a_mistake_in_the_settings_is_told_before_anything_is_touched(shop: RunningShop) -> None:
    with changed_settings(shop.workspace, ad={"replicas": "many"}):
        output = shop.workspace.make("up", fails=True)
    assert lines_with(output, ["stacks/Pulumi.local.yaml", "boutique:shop.services.ad.replicas", "'many'"])
    assert "Traceback" not in output


def test_a_killed_up_is_gone_on_with_by_the_next(shop: RunningShop) -> None:
    with changed_settings(shop.workspace, ad={"replicas": 2}, email={"replicas": 2}):
        shop.workspace.kill("up", once_it_says="~  kubernetes:apps/v1:Deployment")
        shop.workspace.make("up")
        assert len(shop.kubectl.pods("ad")) == 2
    shop.workspace.make("up")


def test_no_order_is_lost_while_a_pod_of_each_kind_is_killed(shop: RunningShop) -> None:
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
    # What was under way on the killed pod itself may fail: an order each, at this rate.
    assert shoppers.summary["pages"]["POST /cart/checkout"]["failures"] <= len(pods)


def test_a_killed_down_is_gone_on_with_by_the_next_which_leaves_nothing(shop: RunningShop) -> None:
    shop.workspace.kill("down", once_it_says="deleted")
    output = shop.workspace.make("down")
    assert "Nothing is left" in output
    assert not STATE.exists()
    with pytest.raises(httpx.TransportError):
        httpx.get(shop.address, trust_env=False)
    assert "Nothing is running" in shop.workspace.make("down")


def changes(output: str) -> list[str]:
    """The lines of Pulumi's summary that say that something changed or would change."""
    summary = output[output.rindex("Resources:") :].splitlines()
    return [line for line in summary if line.strip().startswith(("+", "-", "~", "±"))]


def generations(shop: RunningShop) -> dict[str, int]:
    """How often the specification of each Deployment was changed."""
    deployments = shop.kubectl.get("deployments")["items"]
    return {entry["metadata"]["name"]: entry["metadata"]["generation"] for entry in deployments}
