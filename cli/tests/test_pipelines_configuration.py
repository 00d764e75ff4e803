"""Whatever a pipeline goes on with is what CircleCI takes, and holds nothing that it must not."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.ci import workflows
from cli.ci.continuation import PARAMETERS
from cli.ci.impact import everything, impact
from cli.ci.jobs import SIGN_IN
from cli.ci.repository import Repository
from cli.tests.pipelines import the_repository, with_access, with_elsewhere
from dev.virtual_environment import ENVIRONMENT, ROOT

SETUP = ROOT / ".circleci" / "config.yml"
CONTEXTS = {"boutique-read", "boutique-comment"}
OF_STACKS = {"boutique-demo", "boutique-dev", "boutique-staging", "boutique-prod"}
REVISION = "0123456789abcdef0123456789abcdef01234567"
IMAGE = f"registry.example.com/currency@sha256:{'a' * 64}"


def continuations(repository: Repository) -> Iterator[str]:
    """For each change of one file, those of the other occasions; and for a change of all also without access."""
    whole, open_to_pipelines = everything(repository), with_access(repository)
    alone = {impact(repository, [file.as_posix()]) for file in repository.files}
    changes = [(repository, whole), *((open_to_pipelines, change) for change in {whole, *alone})]
    for seen, change in changes:
        yield workflows.trunk(seen, change, "main").text()
        yield workflows.branch(seen, change, workflows.PullRequest("organization/boutique", "7")).text()
        yield workflows.fork(change).text()
    yield workflows.nightly(repository).text()
    yield workflows.nightly(open_to_pipelines, "organization/boutique").text()
    yield workflows.rollback(open_to_pipelines, "main", REVISION).text()
    yield workflows.release(with_elsewhere(open_to_pipelines, "currency"), "main", "currency", IMAGE).text()


@pytest.fixture(scope="module")
def texts() -> list[str]:
    found = sorted({SETUP.read_text(), *continuations(the_repository())})
    assert len(found) > 100
    return found


@pytest.fixture(scope="module")
def documents(texts: list[str]) -> list[Any]:
    return [yaml.load(text, Loader=yaml.CSafeLoader) for text in texts]


@pytest.fixture(scope="module")
def jobs(documents: list[Any]) -> list[tuple[str, Any]]:
    return [job for document in documents for job in document["jobs"].items()]


@pytest.fixture(scope="module")
def commands(jobs: list[tuple[str, Any]]) -> set[str]:
    steps = [step for _, job in jobs for step in job["steps"] if isinstance(step, dict)]
    return {step["run"]["command"] for step in steps if "run" in step and step["run"]["name"] != SIGN_IN}


def invocations(document: Any) -> Iterator[tuple[str, Any]]:
    for workflow in document["workflows"].values():
        for invoked in workflow["jobs"]:
            yield (invoked, {}) if isinstance(invoked, str) else next(iter(invoked.items()))


def test_all_of_it_is_of_circleci_s_own_schema(texts: list[str], tmp_path: Path) -> None:
    # One of those that are the same but for the names of what is tested or built.
    different = {re.sub(r"(TESTS|E2E|SERVICES): .*", r"\1", text): text for text in texts}
    files = []
    for number, text in enumerate(different.values()):
        files.append(tmp_path / f"{number}.yml")
        files[-1].write_text(text)
    program = ENVIRONMENT / "bin" / "check-jsonschema"
    command = [str(program), "--builtin-schema", "vendor.circle-ci", *map(str, files)]
    checked = subprocess.run(command, check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_a_setup_hands_on_the_parameters_that_it_was_given(documents: list[Any]) -> None:
    for document in documents:
        assert document["parameters"] == PARAMETERS
    used = set(re.findall(r"pipeline\.parameters\.([\w-]+)", SETUP.read_text()))
    assert used == set(PARAMETERS)


def test_every_job_is_placed_once_and_requires_what_is_there(documents: list[Any]) -> None:
    for document in documents:
        names = [name for name, _ in invocations(document)]
        assert len(set(names)) == len(names)
        approvals = {name for name, how in invocations(document) if how.get("type") == "approval"}
        assert set(names) - approvals == set(document["jobs"])
        for name, how in invocations(document):
            before = names[: names.index(name)]
            required = [next(iter(one)) if isinstance(one, dict) else one for one in how.get("requires", ())]
            assert set(required) <= set(before), name


def test_contexts_are_the_documented_ones(documents: list[Any]) -> None:
    used = {context for document in documents for _, how in invocations(document) for context in how.get("context", ())}
    assert used == CONTEXTS | OF_STACKS
    described = (ROOT / "docs" / "pipelines.md").read_text()
    assert all(f"`{context}`" in described for context in (*CONTEXTS, "boutique-<stack>"))


def test_a_stack_s_context_is_for_what_changes_that_stack_alone(documents: list[Any]) -> None:
    for document in documents:
        for name, how in invocations(document):
            for context in OF_STACKS & set(how.get("context", ())):
                assert name.removeprefix("up-").removeprefix("expire-") == context.removeprefix("boutique-")


def test_a_serial_group_is_in_a_workflow_once_and_has_the_characters_that_it_may(documents: list[Any]) -> None:
    for document in documents:
        groups = [how["serial-group"] for _, how in invocations(document) if "serial-group" in how]
        assert len(set(groups)) == len(groups)
        for group in groups:
            assert re.fullmatch(r"[\w./-]+", group.replace("<< pipeline.project.slug >>", "gh/organization/project"))


def test_whatever_changes_a_stack_is_in_its_group(documents: list[Any]) -> None:
    for document in documents:
        for name, how in invocations(document):
            if name.startswith(("up-", "expire-")):
                assert how["serial-group"].endswith(f"/{name.partition('-')[2]}")


def test_every_machine_is_pinned(jobs: list[tuple[str, Any]]) -> None:
    for name, job in jobs:
        assert job["resource_class"], name
        image = job["docker"][0]["image"] if "docker" in job else job["machine"]["image"]
        assert re.fullmatch(r"cimg/python:3\.\d+\.\d+|ubuntu-\d{4}:\d{4}\.\d{2}\.\d", image), name


def test_steps_are_make_s_targets(commands: set[str]) -> None:
    others = {command for command in commands if not re.fullmatch(r"make [a-z0-9]+", command)}
    assert others == {f"git checkout --detach {REVISION}"}


def test_no_orb_is_trusted(documents: list[Any]) -> None:
    assert not [document for document in documents if "orbs" in document]


def test_no_job_has_a_key_that_lasts(texts: list[str]) -> None:
    for text in texts:
        assert not re.search(r"AWS_(SECRET_)?ACCESS_KEY|aws_access_key|PULUMI_ACCESS_TOKEN|AKIA[A-Z0-9]{16}", text)


def test_no_secret_is_put_into_a_command_or_the_log(texts: list[str]) -> None:
    """The token reaches its file by a builtin of the shell."""
    for text in texts:
        for line in text.splitlines():
            if re.search(r"\$\{?\w*(TOKEN|KEY|SECRET|PASSWORD)", line):
                assert re.fullmatch(r"""\s*printf '%s' "\$\{CIRCLE_OIDC_TOKEN_V2:\?[\w ]+\}" > ~/aws-identity""", line)
        assert "set -x" not in text


def test_whoever_signs_in_is_given_a_role_and_takes_it_before_anything_else(jobs: list[tuple[str, Any]]) -> None:
    for name, job in jobs:
        runs = [step["run"]["name"] for step in job["steps"] if isinstance(step, dict) and "run" in step]
        if SIGN_IN in runs:
            made = [index for index, run in enumerate(runs) if run.startswith("make ")]
            assert runs.index(SIGN_IN) < min(made), name


def test_an_up_may_say_nothing_for_as_long_as_a_database_takes(jobs: list[tuple[str, Any]]) -> None:
    (patience,) = {
        step["run"]["no_output_timeout"]
        for name, job in jobs
        for step in job["steps"]
        if name.startswith("up-") and isinstance(step, dict) and step.get("run", {}).get("name") == "make up"
    }
    assert patience == "60m"
