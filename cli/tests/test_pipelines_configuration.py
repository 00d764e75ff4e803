"""The two files in .circleci are what CircleCI accepts, and contain nothing that they must not."""

import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from cli.tests.pipelines import (
    CONTINUE_FILE,
    SETUP_FILE,
    continue_config,
    invocations,
    setup_config,
    the_repository,
)
from dev.virtual_environment import ENVIRONMENT, ROOT

CONTEXTS = {"boutique-read", "boutique-comment"}
TEXTS = [SETUP_FILE.read_text(), CONTINUE_FILE.read_text()]
LOCK_FILES = '{{ checksum "requirements.lock" }}-{{ checksum "dev/toolchain/versions.toml" }}'


def all_invocations() -> list[tuple[str, str, Any]]:
    """Returns name, job and arguments of each job in each workflow."""
    return [found for workflow in continue_config()["workflows"].values() for found in invocations(workflow)]


def all_steps(element: Any) -> Iterator[tuple[str, Any]]:
    """Yields kind and content of an element's steps, with those that have a condition."""
    for step in element.get("steps", ()):
        kind, content = (step, {}) if isinstance(step, str) else next(iter(step.items()))
        if kind == "when":
            yield from all_steps(content)
        else:
            yield kind, content


def commands(element: Any) -> list[str]:
    """Returns the shell commands of a job or a command."""
    runs = [content for kind, content in all_steps(element) if kind == "run"]
    return [run if isinstance(run, str) else run["command"] for run in runs]


def all_elements() -> dict[str, Any]:
    """Returns every job and every command of both files."""
    config = continue_config()
    return {**setup_config()["jobs"], **config["jobs"], **config["commands"]}


def changing_jobs() -> list[tuple[str, str, Any]]:
    """Returns name, stack and arguments of the jobs that change a stack."""
    return [(name, how["stack"], how) for name, job, how in all_invocations() if job in {"up", "expire"}]


def test_both_files_match_circlecis_schema() -> None:
    program = ENVIRONMENT / "bin" / "check-jsonschema"
    command = [str(program), "--builtin-schema", "vendor.circle-ci", str(SETUP_FILE), str(CONTINUE_FILE)]
    checked = subprocess.run(command, check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_the_setups_parameters_are_declared_alike_and_passed_on() -> None:
    declared = setup_config()["parameters"]
    assert declared.items() <= continue_config()["parameters"].items()
    assert set(re.findall(r"pipeline\.parameters\.([\w-]+)", SETUP_FILE.read_text())) == set(declared)


def test_every_parameter_and_every_job_is_used() -> None:
    config, text = continue_config(), CONTINUE_FILE.read_text()
    passed_to_setup = {"nightly"}
    assert set(re.findall(r"pipeline\.parameters\.([\w-]+)", text)) == set(config["parameters"]) - passed_to_setup
    assert {job for _, job, how in all_invocations() if how.get("type") != "approval"} == set(config["jobs"])


@pytest.mark.parametrize("stack", the_repository().promotion)
@pytest.mark.parametrize("workflow", ["main", "release", "rollback"])
def test_every_workflow_that_deploys_has_every_promoted_stack(workflow: str, stack: str) -> None:
    found = {name: how for name, _, how in invocations(continue_config()["workflows"][workflow])}
    assert found[f"up-{stack}"]["stack"] == stack


def test_workflows_name_only_existing_stacks_in_the_order_of_promotion() -> None:
    repository = the_repository()
    assert {stack for _, stack, _ in changing_jobs()} <= set(repository.on_aws)
    for workflow in ("main", "release", "rollback"):
        ups = [how["stack"] for _, job, how in invocations(continue_config()["workflows"][workflow]) if job == "up"]
        assert ups == list(repository.promotion)
    declared = {name for name in continue_config()["parameters"] if name.startswith(("deploy-", "expire-"))}
    expiring = {name for name, settings in repository.on_aws.items() if settings.expires}
    assert declared == {f"deploy-{stack}" for stack in repository.promotion} | {f"expire-{stack}" for stack in expiring}


def test_a_person_approves_every_deployment_to_production() -> None:
    production = {name for name, settings in the_repository().on_aws.items() if settings.production}
    assert production == {"prod"}
    for workflow in continue_config()["workflows"].values():
        jobs = {name: how for name, _, how in invocations(workflow)}
        for stack in production & {how.get("stack") for how in jobs.values()}:
            before = jobs.get(f"push-{stack}", jobs[f"up-{stack}"])
            assert before["requires"] == [f"approve-{stack}"]
            assert jobs[f"approve-{stack}"]["type"] == "approval"


def test_contexts_are_the_documented_ones() -> None:
    used = {context for _, _, how in all_invocations() for context in as_list(how.get("context", []))}
    assert used == CONTEXTS | {f"boutique-{stack}" for _, stack, _ in changing_jobs()}
    documented = (ROOT / "docs" / "pipelines.md").read_text()
    assert all(f"`{context}`" in documented for context in (*CONTEXTS, "boutique-<stack>"))


def test_a_stacks_context_is_only_for_jobs_that_change_that_stack() -> None:
    for _, _, how in all_invocations():
        for context in set(as_list(how.get("context", []))) - CONTEXTS:
            assert context == f"boutique-{how['stack']}"
    assert all(how["context"] == f"boutique-{stack}" for _, stack, how in changing_jobs())


def test_two_jobs_never_change_the_same_stack_at_once() -> None:
    for name, stack, how in changing_jobs():
        assert name in {f"up-{stack}", f"expire-{stack}"}
        assert how["serial-group"] == f"<< pipeline.project.slug >>/{stack}"
    for workflow in continue_config()["workflows"].values():
        groups = [how["serial-group"] for _, _, how in invocations(workflow) if "serial-group" in how]
        assert len(set(groups)) == len(groups)


def test_the_smoke_test_is_in_the_job_that_deploys() -> None:
    """A serial group admits the next job as soon as this one ends."""
    assert commands(continue_config()["jobs"]["up"])[-2:] == [
        "./boutique up << parameters.stack >>",
        "./boutique smoke << parameters.stack >>",
    ]


def test_nothing_in_the_files_cancels_a_deployment() -> None:
    assert not [text for text in TEXTS if re.search(r"auto.?cancel|max_auto_reruns", text)]


def test_every_machine_is_pinned() -> None:
    executors = [*continue_config()["executors"].values(), *setup_config()["jobs"].values()]
    for machine in executors:
        assert machine["resource_class"]
        image = machine["docker"][0]["image"] if "docker" in machine else machine["machine"]["image"]
        assert re.fullmatch(r"cimg/python:3\.\d+\.\d+|ubuntu-\d{4}:\d{4}\.\d{2}\.\d", image)
    for name, job in continue_config()["jobs"].items():
        assert job.get("type") == "no-op" or job["executor"] in continue_config()["executors"], name


def test_images_are_built_with_an_engine_and_clusters_are_reached_from_known_addresses() -> None:
    """CircleCI has known addresses only for containers, which have no Docker engine."""
    jobs = continue_config()["jobs"]
    assert {name for name, job in jobs.items() if job.get("executor") == "machine"} == {
        "e2e",
        "scan-images",
        "push-images",
    }
    known = {name for name, job in jobs.items() if job.get("circleci_ip_ranges")}
    assert known == {"preview", "up", "drift", "expire"}


def test_caches_are_keyed_by_the_lock_files_and_the_machine() -> None:
    for element in all_elements().values():
        for kind, content in all_steps(element):
            if kind == "restore_cache":
                assert [key.endswith(LOCK_FILES) for key in content["keys"]] == [True]
            if kind == "save_cache":
                assert content["key"].endswith(LOCK_FILES)
    for name, job in continue_config()["jobs"].items():
        used = [content.get("executor", "container") for kind, content in all_steps(job) if kind in {"prepare", "save"}]
        assert set(used) <= {job.get("executor")}, name


def test_every_step_is_a_command_that_a_person_can_also_run() -> None:
    others = {
        command
        for element in all_elements().values()
        for command in commands(element)
        if not command.startswith("./boutique ")
    }
    assert others == {"git checkout --detach << parameters.revision >>"}


def test_no_orb_is_trusted() -> None:
    assert not [text for text in TEXTS if "orb" in text]


def test_the_files_contain_no_key_and_no_secret() -> None:
    for text in TEXTS:
        assert not re.search(r"TOKEN|SECRET|PASSWORD|ACCESS_KEY|AKIA[A-Z0-9]{16}|set -x", text)


def test_a_job_that_changes_a_stack_signs_in_before_it_uses_the_account() -> None:
    jobs = continue_config()["jobs"]
    signing = {name for name, job in jobs.items() if "sign-in" in [kind for kind, _ in all_steps(job)]}
    assert signing == {"push-images", "up", "expire"}
    for name in signing:
        steps = list(all_steps(jobs[name]))
        assert ("sign-in", {"stack": "<< parameters.stack >>"}) in steps
        kinds = [kind if kind != "run" or "boutique" not in str(content) else "boutique" for kind, content in steps]
        assert kinds.index("sign-in") < kinds.index("boutique"), name


def test_a_deployment_may_be_silent_for_as_long_as_a_database_takes() -> None:
    (timeout,) = [
        content["no_output_timeout"]
        for kind, content in all_steps(continue_config()["jobs"]["up"])
        if kind == "run" and "boutique up" in str(content)
    ]
    assert timeout == "60m"


def as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value
