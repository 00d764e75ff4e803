"""Tests which cluster is chosen on which machine."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from dev.clusters.choice import Machine, choose
from dev.clusters.existing import ExistingCluster
from dev.clusters.kind import KindCluster
from dev.errors import ActionableError


@dataclass(frozen=True)
class Nodes:
    """Runs "clusters" that are kind's by another reason, in a directory of their own."""

    reason_against: str | None = None

    def unavailable(self) -> str | None:
        return self.reason_against

    def exists(self, state: Path) -> bool:
        return (state / "node").exists()

    def cluster(self, state: Path, reason: str) -> ExistingCluster:
        return ExistingCluster(state, reason, "node")


DOCKER = Machine(no_kind=None, source=Nodes())
NO_DOCKER = Machine(no_kind="no Docker engine answers", source=Nodes())


def test_a_named_context_comes_first(tmp_path: Path) -> None:
    cluster = choose({"BOUTIQUE_CONTEXT": "kind-mine"}, tmp_path, DOCKER)
    assert isinstance(cluster, ExistingCluster)
    assert "kind-mine" in cluster.describe()


def test_kind_is_used_where_a_docker_engine_answers(tmp_path: Path) -> None:
    assert isinstance(choose({}, tmp_path, DOCKER), KindCluster)


def test_another_source_is_used_where_kind_is_not_available_and_says_why(tmp_path: Path) -> None:
    description = choose({}, tmp_path, NO_DOCKER).describe()
    assert "context node" in description
    assert "no Docker engine answers" in description


@pytest.mark.parametrize("machine", [DOCKER, NO_DOCKER])
@pytest.mark.parametrize(("directory", "described"), [("node", "context node"), ("kind", "made by kind")])
def test_a_cluster_that_an_earlier_run_started_is_used(
    tmp_path: Path, machine: Machine, directory: str, described: str
) -> None:
    (tmp_path / directory).mkdir()
    assert described in choose({}, tmp_path, machine).describe()


def test_where_no_cluster_is_available_each_way_is_listed_with_what_it_lacks(tmp_path: Path) -> None:
    machine = Machine("github.com cannot be reached", Nodes("it needs root"))
    with pytest.raises(ActionableError) as refusal:
        choose({}, tmp_path, machine)
    for words in ("BOUTIQUE_CONTEXT", "github.com cannot be reached", "it needs root", "boutique shop"):
        assert words in str(refusal.value)


def test_a_machine_without_another_source_needs_docker_or_a_context(tmp_path: Path) -> None:
    with pytest.raises(ActionableError, match="no Docker engine answers"):
        choose({}, tmp_path, Machine("no Docker engine answers", None))


def test_images_go_only_into_a_cluster_whose_kind_takes_them(tmp_path: Path) -> None:
    with pytest.raises(ActionableError, match="context 'production': BOUTIQUE_CONTEXT must name one of"):
        ExistingCluster(tmp_path, "named", "production").load_images(tmp_path / "images.tar")
