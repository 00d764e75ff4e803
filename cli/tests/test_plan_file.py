"""The files that `boutique plan` writes, whether there is a plan or not."""

import json
from pathlib import Path

import pytest

from cli.stacks.account import AccountTarget
from cli.stacks.engine import Backend, Stack
from cli.stacks.plan_file import write_plan
from dev.errors import ActionableError
from dev.toolchain.toolbox import Tool, Toolbox


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of plans, while no other command runs."""
    monkeypatch.setenv("BOUTIQUE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "build").mkdir()
    return tmp_path / "build"


def test_a_failure_replaces_an_earlier_plan_by_the_reason(build: Path) -> None:
    (build / "plan-nowhere.json").write_text("{}")
    with pytest.raises(ActionableError, match="There is no stack 'nowhere'"):
        write_plan("nowhere", build)
    assert [file.name for file in build.iterdir()] == ["plan-nowhere.failed"]
    assert "There is no stack 'nowhere'" in (build / "plan-nowhere.failed").read_text()


def test_a_stack_on_this_machine_has_no_plan(build: Path) -> None:
    with pytest.raises(ActionableError, match="local does not run on AWS"):
        write_plan("local", build)


def test_a_plan_replaces_the_reason_of_an_earlier_failure(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (build / "plan-dev.failed").write_text("The zone is another's.")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr(AccountTarget, "plan", lambda _: '{"steps": []}')
    assert write_plan("dev", build) == build / "plan-dev.json"
    assert [(file.name, file.read_text()) for file in build.iterdir()] == [("plan-dev.json", '{"steps": []}')]


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """A stack whose `pulumi` prints the file `answer.json`, and fails to preview."""
    pulumi = tmp_path / "pulumi"
    (tmp_path / "stacks.json").write_text('[{"name": "dev"}]')
    pulumi.write_text(
        f'#!/bin/sh\ntest "$2" = ls && exec cat {tmp_path}/stacks.json\n'
        f'cat {tmp_path}/answer.json\ntest "$1" != preview\n'
    )
    pulumi.chmod(0o755)
    toolbox = Toolbox({"pulumi": Tool("pulumi", "3", tmp_path, "a test's")})
    return Stack("dev", toolbox, [], {}, Backend.local(tmp_path / "state"), tmp_path)


@pytest.mark.parametrize(("pending", "interrupted"), [([{"type": "creating"}], True), ([], False)])
def test_a_stack_with_pending_operations_was_interrupted(
    stack: Stack, tmp_path: Path, pending: list[object], *, interrupted: bool
) -> None:
    (tmp_path / "answer.json").write_text(json.dumps({"version": 3, "deployment": {"pending_operations": pending}}))
    assert stack.was_interrupted() == interrupted


def test_a_failed_plan_gives_the_reason_that_pulumi_reports_only_in_its_json(stack: Stack, tmp_path: Path) -> None:
    diagnostics = [
        {"severity": "warning", "message": "warning: a plugin is old\n"},
        {"severity": "error", "message": "error: Program failed with an unhandled exception: no such zone\n"},
    ]
    (tmp_path / "answer.json").write_text(json.dumps({"steps": [], "diagnostics": diagnostics}))
    with pytest.raises(ActionableError) as caught:
        stack.plan()
    assert str(caught.value) == (
        "pulumi preview --json --show-sames: error: Program failed with an unhandled exception: no such zone"
    )
