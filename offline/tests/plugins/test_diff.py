import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boutique_offline.plugins.kubernetes.diff import Change, Path, changes, drifted, parse_property_path, property_path

_json: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=15,
)


def _deployment() -> dict[str, Any]:
    return {
        "metadata": {"name": "cart", "annotations": {"example.com/owner": "shop"}},
        "spec": {
            "replicas": 2,
            "template": {
                "spec": {
                    "containers": [
                        {"name": "main", "image": "cart:1", "resources": {"requests": {"cpu": "0.5"}}},
                        {"name": "proxy", "image": "proxy:1"},
                    ]
                }
            },
        },
    }


def _live() -> dict[str, Any]:
    """The same after the cluster has normalised it, filled in defaults and added a container."""
    live = _deployment()
    live["metadata"]["uid"] = "1"
    live["spec"]["strategy"] = {"type": "RollingUpdate"}
    containers = live["spec"]["template"]["spec"]["containers"]
    containers[0]["resources"]["requests"]["cpu"] = "500m"
    containers[0]["imagePullPolicy"] = "Always"
    containers.append({"name": "injected", "image": "mesh:1"})
    return live


def test_only_the_changed_field_is_named_with_its_place_in_the_list() -> None:
    new = _deployment()
    new["spec"]["template"]["spec"]["containers"][1]["image"] = "proxy:2"
    new["metadata"]["annotations"] = {"example.com/owner": "shop", "example.com/tier": "1"}
    del new["spec"]["replicas"]
    assert {property_path(path): change for path, change in changes(_deployment(), new).items()} == {
        "spec.template.spec.containers[1].image": Change.UPDATE,
        'metadata.annotations["example.com/tier"]': Change.ADD,
        "spec.replicas": Change.DELETE,
    }


def test_a_number_is_not_the_boolean_that_python_takes_it_for() -> None:
    assert changes({"enabled": True}, {"enabled": 1}) == {("enabled",): Change.UPDATE}


@given(_json)
def test_a_value_does_not_differ_from_its_copy(value: Any) -> None:
    assert changes(value, copy.deepcopy(value)) == {}


@given(st.lists(st.one_of(st.text(min_size=1), st.integers(0, 99)), min_size=1).map(tuple))
def test_a_path_is_read_as_it_was_written(path: Path) -> None:
    if all("\\" not in step for step in path if isinstance(step, str)):
        assert parse_property_path(property_path(path)) == path


def test_what_the_cluster_adds_or_writes_otherwise_is_no_drift() -> None:
    assert drifted(_deployment(), _live(), _live()) == _deployment()


@pytest.mark.parametrize("field", ["replicas", "image"])
def test_a_field_that_was_changed_in_the_cluster_shows_its_live_value(field: str) -> None:
    now, expected = _live(), _deployment()
    for manifest in (now, expected):
        if field == "replicas":
            manifest["spec"]["replicas"] = 5
        else:
            manifest["spec"]["template"]["spec"]["containers"][0]["image"] = "evil:1"
    assert drifted(_deployment(), _live(), now) == expected


def test_a_field_that_was_removed_in_the_cluster_is_missing() -> None:
    now = _live()
    del now["metadata"]["annotations"]["example.com/owner"]
    del now["spec"]["template"]["spec"]["containers"][1]
    inputs = drifted(_deployment(), _live(), now)
    assert inputs["metadata"]["annotations"] == {}
    assert [container["name"] for container in inputs["spec"]["template"]["spec"]["containers"]] == ["main"]


def test_what_the_api_never_shows_is_not_missing() -> None:
    assert drifted({"stringData": {"a": "b"}}, {"data": {"a": "Yg=="}}, {"data": {"a": "Yg=="}}) == {
        "stringData": {"a": "b"}
    }


def test_a_list_of_plain_values_that_changed_is_shown_as_it_is() -> None:
    assert drifted({"args": ["a"]}, {"args": ["a"]}, {"args": ["a", "--debug"]}) == {"args": ["a", "--debug"]}
