from typing import Any

import pytest

from boutique_offline.plugins.kubernetes.api import ApiError
from boutique_offline.plugins.kubernetes.applying import RefusedError, without_fields_of_others
from boutique_offline.plugins.kubernetes.diff import Path
from boutique_offline.plugins.kubernetes.ownership import managers

PROGRAM = "pulumi-kubernetes-1"


@pytest.fixture
def live() -> dict[str, Any]:
    """A Deployment that the program applied, an autoscaler scaled and someone gave another image."""
    return {
        "metadata": {
            "managedFields": [
                {
                    "manager": PROGRAM,
                    "operation": "Apply",
                    "fieldsV1": {
                        "f:spec": {
                            "f:template": {
                                "f:spec": {"f:containers": {'k:{"name":"main"}': {".": {}, "f:name": {}, "f:args": {}}}}
                            }
                        }
                    },
                },
                {"manager": "autoscaler", "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
                {
                    "manager": "kubectl-set",
                    "fieldsV1": {
                        "f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"main"}': {"f:image": {}}}}}}
                    },
                },
            ]
        },
        "spec": {
            "replicas": 5,
            "template": {"spec": {"containers": [{"name": "main", "image": "evil:1", "args": ["-v"]}]}},
        },
    }


_CONTAINER: Path = ("spec", "template", "spec", "containers", 0)


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        (("spec", "replicas"), {"autoscaler"}),
        ((*_CONTAINER, "image"), {"kubectl-set"}),
        ((*_CONTAINER, "name"), {PROGRAM}),
        ((*_CONTAINER, "args", 0), {PROGRAM}),
        (_CONTAINER, {PROGRAM, "kubectl-set"}),
        (("spec", "paused"), set()),
        (("spec", "template", "spec", "containers", 7), set()),
    ],
)
def test_a_field_is_owned_by_whoever_the_api_records(live: dict[str, Any], path: Path, owners: set[str]) -> None:
    assert managers(live, path) == owners


def test_an_ignored_field_is_left_to_the_one_who_owns_it(live: dict[str, Any]) -> None:
    manifest = {"spec": {"replicas": 2, "paused": False}}
    kept = without_fields_of_others(manifest, live, [("spec", "replicas"), ("spec", "paused")], PROGRAM)
    assert kept == {"spec": {"paused": False}}


def test_an_ignored_field_that_the_program_owns_stays_since_to_leave_it_out_would_remove_it(
    live: dict[str, Any],
) -> None:
    live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:replicas"] = {}
    assert without_fields_of_others({"spec": {"replicas": 2}}, live, [("spec", "replicas")], PROGRAM) == {
        "spec": {"replicas": 2}
    }


def _refusal(field: str, message: str, code: int = 422) -> RefusedError:
    causes = [{"field": field, "reason": "FieldValueInvalid", "message": message}]
    manifest = {"kind": "Service", "metadata": {"name": "cart", "namespace": "shop"}}
    return RefusedError(manifest, ApiError(code, {"message": "invalid", "details": {"causes": causes}}))


@pytest.mark.parametrize(
    ("field", "message", "immutable"),
    [
        ("spec.selector", "Invalid value: {}: field is immutable", [("spec", "selector")]),
        ("spec.clusterIPs[0]", 'Invalid value: "": may not change once set', [("spec", "clusterIPs", 0)]),
        ("roleRef", "Invalid value: {}: cannot change roleRef", [("roleRef",)]),
        ("spec", "Forbidden: updates to statefulset spec for fields other than … are forbidden", [("spec",)]),
        ("parameters", "Forbidden: updates to parameters are forbidden.", [("parameters",)]),
        ("value", "Forbidden: may not be changed in an update.", [("value",)]),
        ("spec.replicas", "Invalid value: -1: must be greater than or equal to 0", []),
        ("spec.resources.requests.storage", "Forbidden: field can not be less than status.capacity", []),
    ],
)
def test_a_refusal_to_change_is_told_from_a_refusal_of_the_value(
    field: str, message: str, immutable: list[Path]
) -> None:
    assert _refusal(field, message).immutable == immutable


def test_a_refusal_names_the_object_and_the_field() -> None:
    assert str(_refusal("spec.replicas", "must not be negative")) == (
        "the API server refuses Service shop/cart:\n  spec.replicas: must not be negative"
    )
