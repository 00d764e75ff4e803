from typing import Any

import pytest

from boutique_offline.plugins.kubernetes.comparing import compare, replaced_for, replaced_unready
from boutique_offline.plugins.kubernetes.naming import AUTONAMED

Object = dict[str, Any]


def _config(name: str = "settings", *, autonamed: bool = False, **data: str) -> Object:
    annotations = {"annotations": {AUTONAMED: "true"}} if autonamed else {}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "shop"} | annotations,
        "data": data,
    }


def _service(selector: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"selector": {"app": selector}, "ports": [{"port": 80}]},
    }


def test_equal_inputs_are_no_change() -> None:
    assert compare(_config(a="1"), {}, _config(a="1"), frozenset()).changes == {}


def test_changed_data_of_a_config_map_replaces_it_so_that_what_uses_it_is_rolled_out() -> None:
    comparison = compare(_config(a="1", autonamed=True), {}, _config(a="2", autonamed=True), frozenset())
    assert comparison.replacing == [("data", "a")]
    assert not comparison.delete_first


def test_changed_data_of_a_config_map_is_changed_in_place_where_the_provider_is_told_so() -> None:
    assert compare(_config(a="1"), {}, _config(a="2"), frozenset({"ConfigMap"})).replacing == []


def test_an_object_whose_name_the_program_gives_is_deleted_before_it_is_made_anew() -> None:
    assert compare(_config(a="1"), {}, _config(a="2"), frozenset()).delete_first


def test_another_name_is_another_object_that_can_be_made_first() -> None:
    comparison = compare(_config("old"), {}, _config("new"), frozenset())
    assert comparison.replacing == [("metadata", "name")]
    assert not comparison.delete_first


def test_a_namespace_that_the_cluster_chose_may_be_written_into_the_program() -> None:
    old = _service("cart")
    del old["metadata"]["namespace"]
    assert compare(old, _service("cart"), _service("cart"), frozenset()).changes == {}
    assert compare(old, {"metadata": {"namespace": "other"}}, _service("cart"), frozenset()).replacing


@pytest.mark.parametrize(
    ("immutable", "replacing"),
    [
        ([], []),
        ([("spec", "selector")], [("spec", "selector", "app")]),
        ([("spec",)], [("spec", "selector", "app")]),
        # The cluster names a field that follows from the one that the program changed.
        ([("spec", "clusterIPs", 0)], [("spec", "selector", "app")]),
    ],
)
def test_what_the_cluster_refuses_to_change_is_replaced(
    immutable: list[tuple[str | int, ...]], replacing: list[tuple[str | int, ...]]
) -> None:
    old, new = _service("cart"), _service("basket")
    comparison = replaced_for(compare(old, {}, new, frozenset()), old, new, immutable)
    assert comparison.replacing == replacing
    assert comparison.delete_first == bool(replacing)


def test_an_object_that_is_not_ready_is_replaced_where_it_asks_for_that() -> None:
    job = _service("migration")
    comparison = replaced_unready(compare(job, {}, job, frozenset()), job, job)
    assert comparison.replacing == [("metadata", "annotations", "pulumi.com/replaceUnready")]
    assert comparison.delete_first
