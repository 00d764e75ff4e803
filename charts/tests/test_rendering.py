"""Tests what Helm renders from the charts."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.cluster

_CHARTS = Path(__file__).parents[1]
Render = Callable[..., list[Any]]
Template = Callable[[dict[str, Any]], "subprocess.CompletedProcess[str]"]

for_databases = pytest.mark.parametrize("chart", ["postgres", "redis"], indirect=True)


@pytest.fixture(params=["bucket", "postgres", "redis"])
def chart(request: pytest.FixtureRequest) -> Path:
    return _CHARTS / str(request.param)


def _kind(objects: list[Any], kind: str) -> list[Any]:
    found = [candidate for candidate in objects if candidate["kind"] == kind]
    assert found, kind
    return found


def _pods(objects: list[Any]) -> list[Any]:
    pods = [each["spec"]["template"] for each in objects if each["kind"] in ("Deployment", "StatefulSet")]
    assert pods
    return pods


def _selects(selector: dict[str, str], pod: Any) -> bool:
    labels: dict[str, str] = pod["metadata"]["labels"]
    return selector.items() <= labels.items()


def test_pods_meet_the_restricted_standard_and_have_a_read_only_root(render: Render) -> None:
    for pod in _pods(render()):
        security = pod["spec"]["securityContext"]
        assert security["runAsNonRoot"]
        assert security["runAsUser"] > 0
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["spec"]["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_pods_have_resources_and_probes_and_no_api_token(render: Render) -> None:
    for pod in _pods(render()):
        assert pod["spec"]["automountServiceAccountToken"] is False
        for container in pod["spec"]["containers"]:
            assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()
            for kind in ("requests", "limits"):
                assert container["resources"][kind].keys() == {"cpu", "memory"}


@for_databases
def test_passwords_come_only_from_the_secret(render: Render) -> None:
    for pod in _pods(render()):
        for variable in pod["spec"]["containers"][0]["env"]:
            if "PASSWORD" in variable["name"] or variable["name"].endswith("AUTH"):
                assert "value" not in variable
                assert variable["valueFrom"]["secretKeyRef"]["name"] == "credentials"
                assert variable["valueFrom"]["secretKeyRef"]["key"] in ("app-password", "replication-password")


@for_databases
def test_each_service_selects_the_pods_of_one_role(render: Render) -> None:
    objects = render()
    primary, replica = _pods(objects)
    selectors = {service["metadata"]["name"]: service["spec"]["selector"] for service in _kind(objects, "Service")}
    assert selectors.keys() == {"store", "store-replica"}
    assert [_selects(selectors["store"], pod) for pod in (primary, replica)] == [True, False]
    assert [_selects(selectors["store-replica"], pod) for pod in (primary, replica)] == [False, True]


@for_databases
def test_network_policy_and_disruption_budget_cover_both_roles(render: Render) -> None:
    objects = render()
    (policy,), (budget,) = _kind(objects, "NetworkPolicy"), _kind(objects, "PodDisruptionBudget")
    for pod in _pods(objects):
        assert _selects(policy["spec"]["podSelector"]["matchLabels"], pod)
        assert _selects(budget["spec"]["selector"]["matchLabels"], pod)


@for_databases
def test_only_clients_and_replicas_may_connect(render: Render) -> None:
    objects = render(clients={"needs": "store"})
    primary, replica = _pods(objects)
    (ingress,) = _kind(objects, "NetworkPolicy")[0]["spec"]["ingress"]
    clients, replicas = (peer["podSelector"]["matchLabels"] for peer in ingress["from"])
    assert clients == {"needs": "store"}
    assert not _selects(replicas, primary)
    assert _selects(replicas, replica)


def test_without_client_labels_the_label_of_the_release_identifies_clients(render: Render) -> None:
    (ingress,) = _kind(render(), "NetworkPolicy")[0]["spec"]["ingress"]
    assert ingress["from"][0] == {"podSelector": {"matchLabels": {"needs.boutique.dev/store": "true"}}}


@for_databases
def test_every_script_that_a_pod_runs_is_in_the_config_map(render: Render) -> None:
    objects = render()
    (scripts,) = _kind(objects, "ConfigMap")
    for pod in _pods(objects):
        (container,) = pod["spec"]["containers"]
        commands = [
            container["command"],
            *(container[probe]["exec"]["command"] for probe in ("startupProbe", "livenessProbe")),
        ]
        for command in commands:
            if command[0].startswith("/etc/"):
                assert Path(command[0]).name in scripts["data"]


@for_databases
def test_volumes_are_kept_by_default(render: Render) -> None:
    def when_deleted(**values: object) -> set[str]:
        stateful_sets = _kind(render(**values), "StatefulSet")
        return {each["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] for each in stateful_sets}

    assert when_deleted() == {"Retain"}
    assert when_deleted(persistence={"whenDeleted": "Delete"}) == {"Delete"}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({}, "existingSecret"),
        ({"existingSecret": "credentials", "replicas": -1}, "replicas"),
        ({"existingSecret": "credentials", "password": "secret"}, "password"),
    ],
)
def test_an_error_names_the_value_that_is_wrong(template: Template, values: dict[str, Any], name: str) -> None:
    finished = template(values)
    assert finished.returncode != 0
    assert name in finished.stderr


@for_databases
def test_an_error_names_a_size_that_is_wrong(template: Template) -> None:
    finished = template({"existingSecret": "credentials", "persistence": {"size": "big"}})
    assert finished.returncode != 0
    assert "size" in finished.stderr
