"""A job of a pipeline, run on this machine."""

from pathlib import Path

import pytest
import yaml

from cli.ci.run_locally import run_job
from dev.errors import ActionableError

CONFIG = yaml.safe_load("""
parameters:
  greeting: {type: string, default: hello}
commands:
  prepare:
    steps:
      - checkout
      - restore_cache: {keys: [tools]}
  log:
    parameters:
      text: {type: string}
    steps:
      - run: echo "<< parameters.text >>" >> log
jobs:
  greet:
    parameters:
      whom: {type: string}
      again: {type: string, default: ""}
    steps:
      - prepare
      - run:
          name: Greet
          command: echo "<< pipeline.parameters.greeting >> << parameters.whom >>" >> log
      - log:
          text: then << parameters.whom >>
      - when:
          condition: << parameters.again >>
          steps:
            - run: echo again >> log
      - store_artifacts: {path: build}
  fail:
    steps:
      - run: echo first >> log
      - run: exit 3
      - run: echo second >> log
workflows:
  main:
    jobs:
      - greet:
          name: greet-ada
          whom: Ada
      - fail
      - approve: {type: approval}
""")


def log(folder: Path) -> list[str]:
    return (folder / "log").read_text().splitlines()


def test_commands_run_in_order_with_the_parameters_of_the_file(tmp_path: Path) -> None:
    assert run_job(CONFIG, "greet-ada", {}, tmp_path) == 0
    assert log(tmp_path) == ["hello Ada", "then Ada"]


def test_values_of_the_caller_take_precedence(tmp_path: Path) -> None:
    run_job(CONFIG, "greet-ada", {"greeting": "welcome", "whom": "Grace"}, tmp_path)
    assert log(tmp_path) == ["welcome Grace", "then Grace"]


def test_conditional_steps_run_if_their_condition_holds(tmp_path: Path) -> None:
    run_job(CONFIG, "greet-ada", {"again": "yes"}, tmp_path)
    assert log(tmp_path)[-1] == "again"


def test_it_stops_at_the_first_command_that_fails(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_job(CONFIG, "fail", {}, tmp_path) == 3
    assert log(tmp_path) == ["first"]
    assert "fail failed: `exit 3` ended with 3" in capfd.readouterr().out


def test_it_names_the_steps_that_it_leaves_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run_job(CONFIG, "greet-ada", {}, tmp_path)
    lines = capfd.readouterr().out.splitlines()
    left_out = [line.removeprefix("left out: ") for line in lines if line.startswith("left out")]
    assert left_out == ["checkout", "restore_cache", "store_artifacts"]
    assert lines[-1] == "greet-ada passed."


def test_an_unknown_job_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ActionableError, match=r"There is no job 'other'. The jobs are greet-ada, fail\."):
        run_job(CONFIG, "other", {}, tmp_path)
