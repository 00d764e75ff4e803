"""The shop as Kubernetes objects: wired as the service files say, closed by default, fit for restricted pods."""

from pathlib import Path
from typing import Any

import pytest

from boutique_definition.service_file import load_service_files
from boutique_definition.validation import read_yaml
from infra.cluster import open_cluster
from infra.settings import check_settings
from infra.shop.shop import Shop, ShopArgs
from infra.stores import create_stores
from infra.tests.conftest import Graph, Graphed

ROOT = Path(__file__).parent.parent.parent
SERVICES = load_service_files(ROOT / "services")


def local_settings() -> dict[str, Any]:
    config = read_yaml(ROOT / "stacks" / "Pulumi.local.yaml")["config"]
    return {key.removeprefix("boutique:"): value for key, value in config.items()}


@pytest.fixture
def graph(graphed: Graphed) -> Graph:
    def program() -> None:
        cluster = open_cluster("boutique")
        images = {name: f"boutique/{name}:test" for name in [*SERVICES, "postgres", "redis"]}
        Shop(
            "shop",
            ShopArgs(
                namespace=cluster.namespace,
                services=SERVICES,
                images=images,
                stores=create_stores(cluster, images),
                settings=check_settings("local", local_settings()).shop,
            ),
            cluster.options(),
        )

    return graphed(program)


def test_graph(graph: Graph) -> None:
    import json

    print(json.dumps([(r.typ, r.name) for r in graph.resources], indent=1))
    print(json.dumps(graph.of_kind("Deployment")["cart"], indent=1))
    assert 0
