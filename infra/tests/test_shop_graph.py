"""The shop as Kubernetes objects: wired by the service files, closed by default, with restricted pods."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from boutique_definition.service_file import Scaling, ServiceFile, load_service_files
from boutique_definition.validation import ConfigError
from infra.check import check, check_shop
from infra.config.settings import check_settings, read_settings
from infra.config.shop import STORES
from infra.program import deploy
from infra.tests.conftest import Graph, Graphed

ROOT = Path(__file__).parent.parent.parent
SERVICES = load_service_files(ROOT / "services")
PORTS = {"bucket": 9000, "postgres": 5432, "redis": 6379}


def local_settings() -> dict[str, Any]:
    return read_settings("local")


def shop(settings: dict[str, Any], services: Mapping[str, ServiceFile] = SERVICES) -> None:
    images = {name: f"boutique/{name}:test" for name in [*services, "postgres", "redis"]}
    deploy("local", check_settings("local", settings), services, images)


@pytest.fixture(scope="module")
def graph(graphed: Graphed) -> Graph:
    return graphed(lambda: shop(local_settings()))


def pods(graph: Graph) -> dict[str, dict[str, Any]]:
    return {name: inputs["spec"]["template"] for name, inputs in graph.of_kind("Deployment").items()}


def containers(graph: Graph) -> dict[str, dict[str, Any]]:
    return {name: pod["spec"]["containers"][0] for name, pod in pods(graph).items()}


def peers(rules: list[dict[str, Any]], direction: str) -> dict[str, list[int]]:
    """Returns the services or stores in a policy's rules, each with the ports that are open to it."""
    return {
        labels.get("app.kubernetes.io/name") or labels["app.kubernetes.io/instance"]: [
            int(port["port"]) for port in rule["ports"]
        ]
        for rule in rules
        for peer in rule.get(direction, [])
        if (labels := peer.get("podSelector", {}).get("matchLabels"))
    }


def test_every_service_folder_becomes_a_workload(graph: Graph) -> None:
    assert set(graph.of_kind("Deployment")) == set(SERVICES)


def test_the_namespace_admits_only_restricted_pods(graph: Graph) -> None:
    labels = graph.of_kind("Namespace")["boutique"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("name", SERVICES)
def test_a_pod_has_no_more_rights_than_it_needs(graph: Graph, name: str) -> None:
    pod, container = pods(graph)[name]["spec"], containers(graph)[name]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"] == SERVICES[name].size.memory


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_with_a_port_is_probed_and_drained(graph: Graph, name: str) -> None:
    pod, container = pods(graph)[name]["spec"], containers(graph)[name]
    probes = {"startupProbe", "readinessProbe", "livenessProbe"} & container.keys()
    assert len(probes) == (3 if SERVICES[name].port else 0)
    drain = int(graph.of_kind("ConfigMap")[name]["data"]["SHUTDOWN_GRACE_SECONDS"])
    leaving = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    assert pod["terminationGracePeriodSeconds"] > drain + leaving


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_gets_the_addresses_of_the_services_that_it_calls(graph: Graph, name: str) -> None:
    environment = graph.of_kind("ConfigMap")[name]["data"]
    for called in SERVICES[name].calls:
        port = 80 if SERVICES[called].external else SERVICES[called].port
        assert environment[SERVICES[called].address_variable] == f"{called}:{port}"


@pytest.mark.parametrize("name", SERVICES)
def test_the_network_is_open_to_exactly_what_is_needed(graph: Graph, name: str) -> None:
    spec = graph.of_kind("NetworkPolicy")[name]["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    called = {called: [SERVICES[called].port] for called in SERVICES[name].calls}
    needed = {store: [PORTS[STORES[store]]] for store in SERVICES[name].stores}
    assert peers(spec["egress"], "to") == called | needed
    callers = {caller: [SERVICES[name].port] for caller, file in SERVICES.items() if name in file.calls}
    if not SERVICES[name].external:
        assert peers(spec["ingress"], "from") == callers


def test_the_network_is_closed_by_default(graph: Graph) -> None:
    spec = graph.of_kind("NetworkPolicy")["default-deny"]["spec"]
    assert spec["podSelector"] == {}
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in spec
    assert [port["port"] for rule in spec["egress"] for port in rule["ports"]] == [53, 53]


def test_only_external_services_are_reached_from_outside(graph: Graph) -> None:
    kinds = {name: inputs["spec"]["type"] for name, inputs in graph.of_kind("Service").items()}
    assert {name for name, kind in kinds.items() if kind != "ClusterIP"} == {
        name for name, file in SERVICES.items() if file.external
    }


def test_clients_see_every_replica_of_a_grpc_service(graph: Graph) -> None:
    for name, inputs in graph.of_kind("Service").items():
        assert (inputs["spec"].get("clusterIP") == "None") == (SERVICES[name].protocol == "grpc")


def test_passwords_are_only_in_secrets(graph: Graph) -> None:
    passwords = {f"{name}.result" for name in graph.of_type("random:index/randomPassword:RandomPassword")}
    assert len(passwords) >= 2
    for resource in graph.resources:
        if resource.typ != "kubernetes:core/v1:Secret":
            assert not any(password in repr(resource.inputs) for password in passwords), resource.name
    secret = graph.of_kind("Secret")["cart"]["stringData"]["value"]  # as the engine marks a secret
    assert set(secret) == {"REDIS_PASSWORD"}


def test_replicated_services_have_a_disruption_budget(graph: Graph) -> None:
    replicated = {name for name, inputs in graph.of_kind("Deployment").items() if inputs["spec"]["replicas"] > 1}
    assert "frontend" in replicated
    assert set(graph.of_kind("PodDisruptionBudget")) == replicated


def test_every_object_has_the_recommended_labels(graph: Graph) -> None:
    for name, inputs in graph.of_kind("Deployment").items():
        for metadata in (inputs["metadata"], inputs["spec"]["template"]["metadata"]):
            assert metadata["labels"]["app.kubernetes.io/name"] == name
            assert metadata["labels"]["app.kubernetes.io/part-of"] == "boutique"


def test_the_chart_of_a_store_admits_the_pods_of_its_clients(graph: Graph) -> None:
    clients = graph.of_type("kubernetes:helm.sh/v4:Chart")["cart-data"]["values"]["clients"]
    admitted = {name for name, pod in pods(graph).items() if clients.items() <= pod["metadata"]["labels"].items()}
    assert admitted == {name for name, file in SERVICES.items() if "cart-data" in file.stores}


def test_the_settings_of_a_stack_override_replicas_image_and_variables(graphed: Graphed) -> None:
    settings = local_settings()
    settings["shop"]["services"]["cart"] = {
        "replicas": 3,
        "image": "pinned/cart:1",
        "environment": {"LOG_LEVEL": "DEBUG"},
    }
    graph = graphed(lambda: shop(settings))
    assert graph.of_kind("Deployment")["cart"]["spec"]["replicas"] == 3
    assert containers(graph)["cart"]["image"] == "pinned/cart:1"
    assert graph.of_kind("ConfigMap")["cart"]["data"]["LOG_LEVEL"] == "DEBUG"


def test_a_changed_variable_replaces_only_the_pods_that_read_it(graphed: Graphed) -> None:
    settings = local_settings()
    before = pods(graphed(lambda: shop(settings)))
    settings["shop"]["services"]["cart"] = {"environment": {"LOG_LEVEL": "DEBUG"}}
    after = pods(graphed(lambda: shop(settings)))
    assert [name for name in SERVICES if before[name] != after[name]] == ["cart"]


def test_an_autoscaled_service_leaves_its_replicas_to_the_autoscaler(graphed: Graphed) -> None:
    scaled = SERVICES["cart"].model_copy(update={"scaling": Scaling(maximum=4, cpu=70)})
    graph = graphed(lambda: shop(local_settings(), {**SERVICES, "cart": scaled}))
    spec = graph.of_kind("HorizontalPodAutoscaler")["cart"]["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (1, 4)
    assert "cart" in graph.of_kind("PodDisruptionBudget")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"local": {"nodePorts": {"frontend": 80}}}, "boutique:local.nodePorts.frontend: 80: "),
        ({"local": {"nodePorts": {"frontend": "x"}}}, "boutique:local.nodePorts.frontend: 'x': "),
        ({"shop": {"services": {"cart": {"replicas": -1}}}}, "boutique:shop.services.cart.replicas: -1: "),
        ({"shop": {"services": {"cart": {"replica": 1}}}}, "boutique:shop.services.cart.replica: "),
        ({"shop": {"colour": "red"}}, "boutique:shop.colour: "),
    ],
)
def test_an_error_in_the_settings_of_a_stack_is_one_line_that_locates_it(change: dict[str, Any], message: str) -> None:
    settings = local_settings()
    settings |= change
    with pytest.raises(ConfigError) as error:
        check_settings("local", settings)
    assert str(error.value).startswith(f"stacks/Pulumi.local.yaml: {message}")
    assert "\n" not in str(error.value)


def test_settings_for_an_unknown_service_are_an_error() -> None:
    settings = local_settings()
    settings["shop"]["services"]["crat"] = {"replicas": 1}
    with pytest.raises(ConfigError, match=r"services\.crat: must be one of ad, api-gateway, cart"):
        check_shop("local", check_settings("local", settings), SERVICES, dict.fromkeys(SERVICES, "image:1"))


@pytest.mark.parametrize(
    ("ports", "message"),
    [
        ({}, r"local\.nodePorts\.frontend: is required: frontend is external"),
        ({"frontend": 30080, "cart": 30081}, r"local\.nodePorts\.cart: must be one of frontend"),
    ],
)
def test_exactly_the_external_services_are_exposed(ports: dict[str, int], message: str) -> None:
    settings = check_settings("local", local_settings() | {"local": {"nodePorts": ports}})
    with pytest.raises(ConfigError, match=message):
        check_shop("local", settings, SERVICES, dict.fromkeys(SERVICES, "image:1"))


@pytest.mark.parametrize("environments", [[], ["local", "aws"]])
def test_a_stack_has_exactly_one_platform(environments: list[str]) -> None:
    every = local_settings() | {"aws": read_settings("dev")["aws"]}
    with pytest.raises(ConfigError, match="set exactly one of boutique:local and boutique:aws"):
        check_settings("local", {name: every[name] for name in environments})


def test_a_service_without_an_image_is_an_error() -> None:
    with pytest.raises(ConfigError, match="services/ad: has no image"):
        check_shop("local", check_settings("local", local_settings()), SERVICES, {})


def test_the_files_of_every_stack_are_valid() -> None:
    stacks = [path.name.split(".")[1] for path in ROOT.glob("stacks/Pulumi.*.yaml")]
    assert "local" in stacks
    for stack in stacks:
        check(stack)
