"""What `make plan` leaves for those who read it, whether there is a plan or not."""

import json
from pathlib import Path

import pytest

from cli import aws_stack as account
from cli import lifecycle
from cli.engine import Backend, Stack
from dev.errors import ActionableError
from dev.toolchain.toolbox import Tool, Toolbox


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where plans go; with nobody else at work."""
    monkeypatch.setattr(lifecycle, "ROOT", tmp_path)
    monkeypatch.setenv("BOUTIQUE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "build"


def test_where_there_is_no_plan_the_reason_is_left_instead_of_a_former_plan(build: Path) -> None:
    build.mkdir()
    (build / "plan-nowhere.json").write_text("{}")
    with pytest.raises(ActionableError, match="There is no stack 'nowhere'"):
        lifecycle.plan("nowhere")
    assert [file.name for file in build.iterdir()] == ["plan-nowhere.failed"]
    assert "There is no stack 'nowhere'" in (build / "plan-nowhere.failed").read_text()


def test_a_plan_takes_the_place_of_the_reason_why_there_was_none(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build.mkdir()
    (build / "plan-dev.failed").write_text("The zone is another's.")
    monkeypatch.setattr(lifecycle, "check_files", lambda _: None)
    monkeypatch.setattr(account, "has_credentials", lambda: True)
    monkeypatch.setattr(account, "plan", lambda _: '{"steps": []}')
    lifecycle.plan("dev")
    assert [(file.name, file.read_text()) for file in build.iterdir()] == [("plan-dev.json", '{"steps": []}')]


def test_a_failed_plan_says_why_though_pulumi_tells_that_to_its_json_alone(tmp_path: Path) -> None:
    diagnostics = [
        {"severity": "warning", "message": "warning: a plugin is old\n"},
        {"severity": "error", "message": "error: Program failed with an unhandled exception: no such zone\n"},
    ]
    (tmp_path / "answer.json").write_text(json.dumps({"steps": [], "diagnostics": diagnostics}))
    pulumi = tmp_path / "pulumi"
    pulumi.write_text(f'#!/bin/sh\ntest "$1" != preview && exit\ncat {tmp_path}/answer.json\nexit 1\n')
    pulumi.chmod(0o755)
    toolbox = Toolbox({"pulumi": Tool("pulumi", "3", tmp_path, "a test's")})
    stack = Stack("dev", toolbox, [], {}, Backend.here(tmp_path / "state"), tmp_path)
    with pytest.raises(ActionableError) as caught:
        stack.plan()
    assert str(caught.value) == (
        "pulumi preview --json --show-sames: error: Program failed with an unhandled exception: no such zone"
    )
