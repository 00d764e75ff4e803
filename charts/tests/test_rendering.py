"""What the charts make of their values, rendered by the real Helm."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.progress import Progress
from local.tools.toolbox import ensure

pytestmark = pytest.mark.cluster

_CHARTS = Path(__file__).parents[1]
Render = Callable[..., list[Any]]


@pytest.fixture(scope="session")
def helm() -> Path:
    with Progress() as progress:
        return ensure(["helm"], progress).command("helm")


@pytest.fixture(params=["postgres", "redis"])
def chart(request: pytest.FixtureRequest) -> Path:
    return _CHARTS / str(request.param)


def _helm(helm: Path, chart: Path, values: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [helm, "template", "store", chart, "--namespace", "shop", "--values", "-"]
    return subprocess.run(command, input=yaml.safe_dump(values), capture_output=True, text=True, check=False)


@pytest.fixture
def render(helm: Path, chart: Path) -> Render:
    """Renders the chart as the release `store` with these values."""

    def rendered(**values: object) -> list[Any]:
        finished = _helm(helm, chart, {"existingSecret": "credentials"} | values)
        assert finished.returncode == 0, finished.stderr
        return [document for document in yaml.safe_load_all(finished.stdout) if document]

    return rendered


def _kind(objects: list[Any], kind: str) -> list[Any]:
    found = [candidate for candidate in objects if candidate["kind"] == kind]
    assert found, kind
    return found


def _pods(objects: list[Any]) -> list[Any]:
    return [stateful_set["spec"]["template"] for stateful_set in _kind(objects, "StatefulSet")]


def _selects(selector: dict[str, str], pod: Any) -> bool:
    labels: dict[str, str] = pod["metadata"]["labels"]
    return selector.items() <= labels.items()


def test_pods_meet_the_restricted_standard_and_cannot_write_to_their_image(render: Render) -> None:
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


def test_pods_have_bounds_and_probes_and_no_access_to_the_api(render: Render) -> None:
    for pod in _pods(render()):
        assert pod["spec"]["automountServiceAccountToken"] is False
        for container in pod["spec"]["containers"]:
            assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()
            for bound in ("requests", "limits"):
                assert container["resources"][bound].keys() == {"cpu", "memory"}


def test_passwords_come_from_the_secret_alone(render: Render) -> None:
    for pod in _pods(render()):
        for variable in pod["spec"]["containers"][0]["env"]:
            if "PASSWORD" in variable["name"] or variable["name"].endswith("AUTH"):
                assert "value" not in variable
                assert variable["valueFrom"]["secretKeyRef"]["name"] == "credentials"
                assert variable["valueFrom"]["secretKeyRef"]["key"] in ("app-password", "replication-password")


def test_each_service_leads_to_the_pods_of_one_role(render: Render) -> None:
    objects = render()
    primary, replica = _pods(objects)
    selectors = {service["metadata"]["name"]: service["spec"]["selector"] for service in _kind(objects, "Service")}
    assert selectors.keys() == {"store", "store-replica"}
    assert [_selects(selectors["store"], pod) for pod in (primary, replica)] == [True, False]
    assert [_selects(selectors["store-replica"], pod) for pod in (primary, replica)] == [False, True]


def test_policy_and_budget_cover_both_roles(render: Render) -> None:
    objects = render()
    (policy,), (budget,) = _kind(objects, "NetworkPolicy"), _kind(objects, "PodDisruptionBudget")
    for pod in _pods(objects):
        assert _selects(policy["spec"]["podSelector"]["matchLabels"], pod)
        assert _selects(budget["spec"]["selector"]["matchLabels"], pod)


def test_only_clients_and_replicas_get_in(render: Render) -> None:
    objects = render(clients={"needs": "store"})
    primary, replica = _pods(objects)
    (ingress,) = _kind(objects, "NetworkPolicy")[0]["spec"]["ingress"]
    clients, replicas = (peer["podSelector"]["matchLabels"] for peer in ingress["from"])
    assert clients == {"needs": "store"}
    assert not _selects(replicas, primary)
    assert _selects(replicas, replica)


def test_clients_are_known_by_a_label_of_the_release_when_no_other_is_given(render: Render) -> None:
    (ingress,) = _kind(render(), "NetworkPolicy")[0]["spec"]["ingress"]
    assert ingress["from"][0] == {"podSelector": {"matchLabels": {"needs.boutique.dev/store": "true"}}}


def test_every_script_that_a_pod_runs_is_in_its_config_map(render: Render) -> None:
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


def test_volumes_stay_unless_told_otherwise(render: Render) -> None:
    def when_deleted(**values: object) -> set[str]:
        stateful_sets = _kind(render(**values), "StatefulSet")
        return {each["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] for each in stateful_sets}

    assert when_deleted() == {"Retain"}
    assert when_deleted(persistence={"whenDeleted": "Delete"}) == {"Delete"}


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({}, "existingSecret"),
        ({"existingSecret": "credentials", "replicas": -1}, "replicas"),
        ({"existingSecret": "credentials", "persistence": {"size": "big"}}, "size"),
        ({"existingSecret": "credentials", "password": "secret"}, "password"),
    ],
)
def test_a_wrong_value_is_refused_by_name(helm: Path, chart: Path, values: dict[str, Any], named: str) -> None:
    refused = _helm(helm, chart, values)
    assert refused.returncode != 0
    assert named in refused.stderr
