"""Pipelines, played on one machine: a pull request to its comment, and main to a shop that sells."""

import subprocess

import pytest

from tests.e2e.workspace import Workspace

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def repository(workspace: Workspace) -> Workspace:
    """Under git, which jobs ask what there is."""
    author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    for command in (["init", "--quiet"], ["add", "--all"], [*author, "commit", "--quiet", "--message=Everything"]):
        subprocess.run(["git", *command], cwd=workspace.directory, check=True)
    return workspace


def test_a_pull_request_ends_with_the_comment_that_it_would_get(repository: Workspace) -> None:
    repository.make("ci-local", JOB="preview-dev")
    comment = repository.make("ci-local", JOB="comment", STACKS="dev")
    assert "| stack | replaced | deleted | changed | created |" in comment
    assert "| `dev` | 0 | 0 | 0 |" in comment


def test_main_brings_a_shop_up_and_buys_something_at_each_of_its_doors(repository: Workspace) -> None:
    output = repository.make("ci-local", JOB="up-dev", STACK="local")
    assert output.count("sold: order") == 2
    repository.make("down")
