"""Which cluster is used on which machine."""

from pathlib import Path

import pytest

from boutique_offline.node.debian import DebianCluster
from dev.clusters.choice import Machine, choose
from dev.clusters.existing import ExistingCluster
from dev.clusters.kind import KindCluster
from dev.errors import ActionableError

LAPTOP = Machine(docker_engine=True, kind_unavailable=None, debian=False, root=False)
BARE_DEBIAN = Machine(docker_engine=False, kind_unavailable=None, debian=True, root=True)
OFFLINE_DOCKER = Machine(docker_engine=True, kind_unavailable="github.com cannot be reached", debian=True, root=True)


def test_a_context_that_was_named_comes_first(tmp_path: Path) -> None:
    cluster = choose({"BOUTIQUE_CONTEXT": "kind-mine"}, tmp_path, LAPTOP)
    assert isinstance(cluster, ExistingCluster)
    assert "kind-mine" in cluster.describe()


def test_where_a_docker_engine_answers_it_is_kind(tmp_path: Path) -> None:
    assert isinstance(choose({}, tmp_path, LAPTOP), KindCluster)


def test_on_bare_debian_with_root_it_is_a_node_of_our_own(tmp_path: Path) -> None:
    cluster = choose({}, tmp_path, BARE_DEBIAN)
    assert isinstance(cluster, DebianCluster)
    assert "no Docker engine answers" in cluster.describe()


def test_where_kind_cannot_be_had_debian_takes_its_place_and_says_why(tmp_path: Path) -> None:
    cluster = choose({}, tmp_path, OFFLINE_DOCKER)
    assert isinstance(cluster, DebianCluster)
    assert "github.com cannot be reached" in cluster.describe()


@pytest.mark.parametrize(("directory", "kind"), [("cluster", DebianCluster), ("kind", KindCluster)])
def test_what_an_earlier_run_started_is_gone_on_with(tmp_path: Path, directory: str, kind: type) -> None:
    (tmp_path / directory).mkdir()
    for machine in (LAPTOP, BARE_DEBIAN):
        assert isinstance(choose({}, tmp_path, machine), kind)


@pytest.mark.parametrize(
    ("machine", "missing"),
    [
        (Machine(docker_engine=False, kind_unavailable=None, debian=True, root=False), "not root"),
        (Machine(docker_engine=False, kind_unavailable=None, debian=False, root=True), "not Debian"),
        (Machine(docker_engine=True, kind_unavailable="github.com is away", debian=False, root=False), "is away"),
    ],
)
def test_where_there_is_no_way_each_is_named_with_what_it_lacks(tmp_path: Path, machine: Machine, missing: str) -> None:
    with pytest.raises(ActionableError) as refusal:
        choose({}, tmp_path, machine)
    for words in (missing, "BOUTIQUE_CONTEXT", "Debian", "make shop"):
        assert words in str(refusal.value)


def test_images_go_only_into_a_cluster_whose_kind_takes_them(tmp_path: Path) -> None:
    with pytest.raises(ActionableError, match="context 'production': BOUTIQUE_CONTEXT must name one of"):
        ExistingCluster(tmp_path, "named", "production").load_images(tmp_path / "images.tar")
