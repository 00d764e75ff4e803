"""The shop on managed stores, and the migrations that prepare its stores."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from pulumi_kubernetes.networking.v1 import NetworkPolicyPeerArgsDict

from boutique_definition.service_file import load_service_files
from boutique_definition.stores import Bucket, Postgres, Redis, SecretArn, Store, Tls
from infra.config.shop import ServiceOverride, ShopSettings
from infra.shop.exposure import NodePort
from infra.shop.network_policies import egress_to, migration_policy, network_peer
from infra.shop.shop import Shop, ShopArgs
from infra.shop.stores import ReachableStore
from infra.tests.conftest import Graph, Graphed

SERVICES = load_service_files(Path(__file__).parent.parent.parent / "services")
IMAGES = {name: f"boutique/{name}:test" for name in SERVICES}
MIGRATED = [name for name, file in SERVICES.items() if file.migration]
CLIENTS = [name for name, file in SERVICES.items() if file.stores]
DATABASE = [name for name, file in SERVICES.items() if "product-data" in file.stores]

SECRETS = {
    name: f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:{name}-AbCdEf"
    for name in ("db", "carts", "sessions")
}
NETWORKS = {
    "product-data": ["10.0.8.0/24", "10.0.9.0/24"],
    "cart-data": ["10.0.8.0/24"],
    "session-data": ["10.0.9.0/24"],
}
PORTS = {"product-data": 5432, "cart-data": 6379, "session-data": 6379}
AGENT = egress_to([network_peer("169.254.170.23/32")], 80)


def reachable(name: str, store: Store[pulumi.Input[str]]) -> ReachableStore:
    return ReachableStore(store, [egress_to([*map(network_peer, NETWORKS[name])], PORTS[name]), AGENT])


MANAGED = {
    "product-data": reachable(
        "product-data",
        Postgres(
            address="database.example:5432",
            database="boutique",
            login=SecretArn(SECRETS["db"]),
            replica_address="replica.example:5432",
            tls=Tls("the CA of databases"),
        ),
    ),
    "cart-data": reachable(
        "cart-data", Redis("carts.example:6379", SecretArn(SECRETS["carts"]), "carts-ro.example:6379", Tls())
    ),
    "session-data": reachable(
        "session-data",
        Redis("sessions.example:6379", SecretArn(SECRETS["sessions"]), "sessions-ro.example:6379", Tls()),
    ),
    "pictures": ReachableStore(Bucket("pictures-of-all", "eu-central-1"), [AGENT]),
}
DNS: list[NetworkPolicyPeerArgsDict] = [{"ip_block": {"cidr": "172.20.0.10/32"}}]


def shop(
    stores: Mapping[str, ReachableStore] = MANAGED,
    images: Mapping[str, str] = IMAGES,
    settings: ShopSettings = ShopSettings(),  # noqa: B008 (frozen)
) -> None:
    provider = kubernetes.Provider("cluster")
    args = ShopArgs(
        namespace="boutique",
        services=SERVICES,
        images=images,
        stores=stores,
        exposures={name: NodePort(30080) for name, file in SERVICES.items() if file.external},
        settings=settings,
        dns=DNS,
    )
    Shop("shop", args, pulumi.ResourceOptions(providers={"kubernetes": provider}))


@pytest.fixture(scope="module")
def graph(graphed: Graphed) -> Graph:
    return graphed(shop)


def jobs(graph: Graph) -> dict[str, dict[str, Any]]:
    """Returns inputs by service."""
    return {name.rpartition("-migration-")[0]: inputs for name, inputs in graph.of_kind("Job").items()}


def egress(graph: Graph, name: str) -> set[tuple[str, int]]:
    """Returns the CIDRs that a policy opens, each with its port."""
    return {
        (peer["ipBlock"]["cidr"], int(port["port"]))
        for rule in graph.of_kind("NetworkPolicy")[name]["spec"]["egress"]
        for peer in rule["to"]
        for port in rule["ports"]
        if "ipBlock" in peer
    }


@pytest.mark.parametrize("name", DATABASE)
def test_a_service_gets_everything_about_a_managed_database_except_its_password(graph: Graph, name: str) -> None:
    environment = graph.of_kind("ConfigMap")[name]["data"]
    variables = {variable: value for variable, value in environment.items() if variable.startswith("PRODUCT_DATA_")}
    assert variables == {
        "PRODUCT_DATA_ADDR": "database.example:5432",
        "PRODUCT_DATA_REPLICA_ADDR": "replica.example:5432",
        "PRODUCT_DATA_DATABASE": "boutique",
        "PRODUCT_DATA_SECRET": SECRETS["db"],
        "PRODUCT_DATA_TLS": "true",
        "PRODUCT_DATA_CA_CERTIFICATE": "/etc/boutique/authorities/product-data.pem",
    }
    assert name not in graph.of_kind("Secret")


def test_a_service_gets_no_credentials_for_a_bucket_that_its_role_may_read(graph: Graph) -> None:
    environment = graph.of_kind("ConfigMap")["content"]["data"]
    assert (environment["PICTURES_BUCKET"], environment["PICTURES_REGION"]) == ("pictures-of-all", "eu-central-1")
    assert not environment.keys() & {"PICTURES_ENDPOINT_URL", "PICTURES_ACCESS_KEY_ID"}
    assert "content" not in graph.of_kind("Secret")


def test_a_random_value_is_generated_once_and_only_for_its_service(graph: Graph) -> None:
    (held,) = graph.of_kind("Secret").values()
    assert held["metadata"]["name"] == "web-gateway"
    assert set(held["stringData"]["value"]) == {"SESSION_SIGNING_KEY"}  # as the engine marks a secret


def test_a_store_without_a_ca_certificate_adds_no_file(graph: Graph) -> None:
    assert "REDIS_CA_CERTIFICATE" not in graph.of_kind("ConfigMap")["cart"]["data"]
    assert "cart-authorities" not in graph.of_kind("ConfigMap")


@pytest.mark.parametrize("name", DATABASE)
def test_the_ca_certificate_of_a_store_is_where_its_clients_look(graph: Graph, name: str) -> None:
    assert graph.of_kind("ConfigMap")[f"{name}-authorities"]["data"] == {"product-data.pem": "the CA of databases"}
    templates = [graph.of_kind("Deployment")[name]["spec"]["template"], jobs(graph)[name]["spec"]["template"]]
    for template in templates:
        (mount,) = [one for one in template["spec"]["containers"][0]["volumeMounts"] if one["name"] == "authorities"]
        assert mount == {"name": "authorities", "mountPath": "/etc/boutique/authorities", "readOnly": True}
        (volume,) = [one for one in template["spec"]["volumes"] if one["name"] == "authorities"]
        assert volume["configMap"] == {"name": f"{name}-authorities"}


@pytest.mark.parametrize("name", [*CLIENTS, *(f"{name}-migration" for name in MIGRATED)])
def test_pods_may_connect_to_what_their_stores_need(graph: Graph, name: str) -> None:
    needed = SERVICES[name.removesuffix("-migration")].stores
    stores = {(network, PORTS[store]) for store in needed for network in NETWORKS.get(store, ())}
    assert egress(graph, name) == stores | {("169.254.170.23/32", 80)}


def test_a_policy_has_a_rule_that_two_stores_need_only_once() -> None:
    stores = {name: MANAGED[name] for name in ("cart-data", "session-data")}
    assert migration_policy("cart", stores)["egress"] == [
        MANAGED["cart-data"].egress[0],
        AGENT,
        MANAGED["session-data"].egress[0],
    ]


def test_a_service_without_stores_does_not_reach_aws(graph: Graph) -> None:
    for name in set(SERVICES) - set(CLIENTS):
        assert not {cidr for cidr, _ in egress(graph, name)} - {"0.0.0.0/0"}


def test_the_internet_excludes_private_networks_and_instance_credentials(graph: Graph) -> None:
    blocks = [
        peer["ipBlock"]
        for rule in graph.of_kind("NetworkPolicy")["currency"]["spec"]["egress"]
        for peer in rule["to"]
        if peer.get("ipBlock", {}).get("cidr") == "0.0.0.0/0"
    ]
    assert blocks
    assert all({"10.0.0.0/8", "169.254.0.0/16"} <= set(block["except"]) for block in blocks)


def test_names_are_resolved_by_the_resolver_of_the_platform(graph: Graph) -> None:
    (rule,) = graph.of_kind("NetworkPolicy")["default-deny"]["spec"]["egress"]
    assert rule["to"] == [{"ipBlock": {"cidr": "172.20.0.10/32"}}]


def test_a_migration_is_a_job_with_the_image_of_its_service(graph: Graph) -> None:
    assert set(jobs(graph)) == set(MIGRATED)
    for name, inputs in jobs(graph).items():
        pod = inputs["spec"]["template"]["spec"]
        assert pod["restartPolicy"] == "Never"
        assert pod["serviceAccountName"] == name  # who may read the secret
        (container,) = pod["containers"]
        assert container["image"] == IMAGES[name]
        assert container["command"] == ["python3", "-m", f"boutique_{name}.migration"]
        assert container["envFrom"] == containers(graph, name)["envFrom"]


def containers(graph: Graph, name: str) -> dict[str, Any]:
    container: dict[str, Any] = graph.of_kind("Deployment")[name]["spec"]["template"]["spec"]["containers"][0]
    return container


@pytest.mark.parametrize("name", MIGRATED)
def test_a_migration_has_no_more_rights_than_its_service(graph: Graph, name: str) -> None:
    pods = [inputs["spec"]["template"]["spec"] for inputs in (graph.of_kind("Deployment")[name], jobs(graph)[name])]
    service, migration = pods
    assert migration["securityContext"] == service["securityContext"]
    assert migration["automountServiceAccountToken"] is False
    assert migration["containers"][0]["securityContext"] == service["containers"][0]["securityContext"]
    assert migration["containers"][0]["resources"] == service["containers"][0]["resources"]


@pytest.mark.parametrize("name", MIGRATED)
def test_no_call_for_the_service_reaches_its_migration(graph: Graph, name: str) -> None:
    migration = jobs(graph)[name]["spec"]["template"]["metadata"]["labels"]
    assert not graph.of_kind("Service")[name]["spec"]["selector"].items() <= migration.items()
    spec = graph.of_kind("NetworkPolicy")[f"{name}-migration"]["spec"]
    assert spec["podSelector"]["matchLabels"].items() <= migration.items()
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in spec


@pytest.mark.parametrize("name", MIGRATED)
def test_the_charts_of_stores_admit_migrations(graph: Graph, name: str) -> None:
    migration = jobs(graph)[name]["spec"]["template"]["metadata"]["labels"]
    assert {f"needs.boutique.dev/{store}" for store in SERVICES[name].stores} <= migration.keys()


def test_pods_of_a_service_wait_for_its_migration(graph: Graph) -> None:
    registered = [resource.name for resource in graph.resources if resource.typ.endswith((":Job", ":Deployment"))]
    for name in MIGRATED:
        assert registered.index(f"{name}-migration") < registered.index(name)


def test_only_a_new_image_or_configuration_makes_a_new_job(graphed: Graphed) -> None:
    def names(program: Any) -> dict[str, str]:
        return {name.rpartition("-migration-")[0]: name for name in graphed(program).of_kind("Job")}

    before = names(shop)
    assert names(shop) == before
    image = names(lambda: shop(images={**IMAGES, "catalog": "boutique/catalog:next"}))
    assert image["catalog"] != before["catalog"]
    assert image["checkout"] == before["checkout"]
    settings = ShopSettings(services={"checkout": ServiceOverride(environment={"LOG_LEVEL": "DEBUG"})})
    wired = names(lambda: shop(settings=settings))
    assert wired["checkout"] != before["checkout"]
    assert wired["catalog"] == before["catalog"]


def test_a_finished_job_is_kept_for_the_next_up(graph: Graph) -> None:
    for inputs in jobs(graph).values():
        assert "ttlSecondsAfterFinished" not in inputs["spec"]
        assert inputs["metadata"]["annotations"] == {"pulumi.com/replaceUnready": "true"}
