from typing import Any

import pytest

from boutique_offline.plugins.kubernetes.manifests import (
    live_inputs,
    previewed,
    state,
    to_apply,
    with_secret_data,
    without_nulls,
)
from boutique_offline.plugins.properties import UNKNOWN, Secret, reveal

Object = dict[str, Any]


@pytest.fixture
def password() -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "store"},
        "data": {"user": "c2hvcA=="},
        "stringData": {"password": "hunter2"},
    }


@pytest.fixture
def live_password() -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "store", "uid": "1", "managedFields": [{"manager": "kubectl"}]},
        "data": {"user": "c2hvcA==", "password": "aHVudGVyMg=="},
        "type": "Opaque",
    }


def test_text_of_a_secret_is_applied_as_data_so_that_a_key_taken_out_is_removed(password: Object) -> None:
    assert to_apply(password)["data"] == {"user": "c2hvcA==", "password": "aHVudGVyMg=="}
    assert "stringData" not in to_apply(password)
    assert "stringData" in password


def test_no_data_of_a_secret_is_in_the_state_in_the_clear(password: Object, live_password: Object) -> None:
    inputs = with_secret_data(password)
    recorded = state(inputs, live_password)
    assert recorded["data"] == Secret(live_password["data"])
    assert recorded["__inputs"]["stringData"] == Secret(password["stringData"])
    assert reveal(inputs) == password


def test_the_state_keeps_no_record_of_managers(password: Object, live_password: Object) -> None:
    assert "managedFields" not in state(password, live_password)["metadata"]
    assert "managedFields" in live_password["metadata"]


def test_a_changed_secret_shows_in_the_inputs_though_the_api_shows_no_text(
    password: Object, live_password: Object
) -> None:
    assert live_inputs(password, live_password, live_password) == password
    changed = live_password | {"data": live_password["data"] | {"password": "ZXZpbA=="}}
    assert live_inputs(password, live_password, changed)["stringData"] == {"password": "evil"}


def test_in_a_preview_what_only_a_real_create_sets_is_unknown_and_status_is_left_open() -> None:
    dry_run = {"kind": "Job", "metadata": {"name": "load", "uid": "not the real one"}, "status": {}}
    expected = previewed({"metadata": {"name": "load"}}, dry_run)
    assert expected["metadata"]["uid"] is UNKNOWN
    assert expected["metadata"]["name"] == "load"
    assert "status" not in expected


def test_null_means_not_set() -> None:
    assert without_nulls({"a": None, "b": [{"c": None, "d": 1}], "e": Secret({"f": None})}) == {
        "b": [{"d": 1}],
        "e": Secret({}),
    }


def test_extension_fields_have_dashes_in_the_api_and_underscores_in_the_program() -> None:
    schema = {"openAPIV3Schema": {"x_kubernetes_preserve_unknown_fields": True}}
    manifest = to_apply({"kind": "CustomResourceDefinition", "metadata": {"name": "x"}, "spec": schema})
    assert manifest["spec"]["openAPIV3Schema"] == {"x-kubernetes-preserve-unknown-fields": True}
    assert state({}, manifest)["spec"] == schema
