"""Tests the jobs of the pipelines on one machine: those of a pull request, and those of main."""

import os
import subprocess

import pytest

from tests.e2e.workspace import STATE, Workspace

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def repository(workspace: Workspace) -> Workspace:
    """Makes the workspace a git repository, since jobs list the tracked files."""
    author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    for command in (["init", "--quiet"], ["add", "--all"], [*author, "commit", "--quiet", "--message=Everything"]):
        subprocess.run(["git", *command], cwd=workspace.directory, check=True)
    return workspace


def run_job(repository: Workspace, job: str, *values: str) -> str:
    """Runs a job with values of parameters, and returns its output."""
    command = ["./boutique", "ci", "run-job", job, *(f"--set={value}" for value in values)]
    environment = {**os.environ, "BOUTIQUE_STATE": str(STATE)}
    result = subprocess.run(
        command, cwd=repository.directory, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, (result.stdout + result.stderr)[-6000:]
    return result.stdout


def test_a_pull_request_gets_a_comment_with_the_preview(repository: Workspace) -> None:
    run_job(repository, "preview", "stacks-to-preview=dev")
    comment = run_job(repository, "comment-in-log", "stacks-to-preview=dev")
    assert "| stack | replaced | deleted | changed | created |" in comment
    assert "| `dev` | 0 | 0 | 0 |" in comment


def test_main_deploys_a_shop_and_buys_something_at_each_of_its_addresses(repository: Workspace) -> None:
    output = run_job(repository, "up-dev", "stack=local")
    assert output.count("sold: order") == 2
    repository.make("down")
