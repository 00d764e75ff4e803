"""Tests the jobs of each pipeline, and their rights."""

from datetime import date

import pytest

from cli.ci.affected import Affected, affected, everything
from cli.ci.parameters import for_branch, for_main, for_night, for_request, trunks
from cli.ci.repository import Repository
from cli.ci.trigger import PullRequest, Trigger
from cli.tests.pipelines import (
    active_jobs,
    continue_config,
    invocations,
    required,
    the_repository,
    with_access,
    with_elsewhere,
)

AWS = ("demo", "dev", "prod", "staging")
CHECKS = {"style", "types", "applications", "test", "e2e", "scan-images"}
PULL_REQUEST = Trigger("feature", pull_request=PullRequest("organization/boutique", "7"))
FORK = Trigger("pull/7", fork=True)
REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def repository() -> Repository:
    return with_access(the_repository())


def expected_checks(found: Affected) -> set[str]:
    """Returns the checks that a change needs, by rules of their own."""
    return {
        "style",
        *(["types"] if found.types else []),
        *(["applications"] if found.applications else []),
        *(["test"] if found.tests else []),
        *(["e2e"] if found.end_to_end else []),
        *(["scan-images"] if found.images else []),
    }


def test_every_files_change_runs_the_jobs_for_what_it_affects(repository: Repository) -> None:
    for file in repository.files:
        found = affected(repository, [file.as_posix()])
        checks, previewed = expected_checks(found), bool(found.previews)
        on_branch = set(active_jobs(for_branch(found, PULL_REQUEST)))
        assert on_branch == checks | ({"preview", "comment-on-pull-request"} if previewed else set()), file
        on_fork = set(active_jobs(for_branch(found, FORK)))
        assert on_fork == checks | ({"comment-for-fork"} if previewed else set()), file
        on_main = set(active_jobs(for_main(repository, found, "main")))
        deployed = bool(found.images or found.previews & {"dev", "staging", "prod"})
        ups = {"push-dev", "up-dev", "push-staging", "up-staging", "approve-prod", "push-prod", "up-prod"}
        assert on_main == checks | {"checks-passed"} | (ups if deployed else set()), file


def test_a_pull_request_is_checked_previewed_and_commented_on(repository: Repository) -> None:
    parameters = for_branch(everything(repository), PULL_REQUEST)
    jobs = active_jobs(parameters)
    assert set(jobs) == {*CHECKS, "preview", "comment-on-pull-request"}
    assert parameters["stacks-to-preview"] == "demo dev prod staging"
    assert (parameters["repository"], parameters["pull-request"]) == ("organization/boutique", "7")
    assert jobs["preview"]["context"] == "boutique-read"
    assert jobs["comment-on-pull-request"]["context"] == "boutique-comment"


def test_the_comment_waits_for_the_preview_and_reports_also_a_failed_one() -> None:
    for name, _, arguments in invocations(continue_config()["workflows"]["branch"]):
        if name in {"comment-on-pull-request", "comment-in-log"}:
            assert arguments["requires"] == [{"preview": "terminal"}]
    steps = continue_config()["jobs"]["preview"]["steps"]
    (kept,) = [step["persist_to_workspace"] for step in steps if "persist_to_workspace" in step]
    assert kept == {"root": "build", "paths": ["plan-*"], "when": "always"}


def test_a_branch_without_a_pull_request_has_its_comment_in_the_log(repository: Repository) -> None:
    jobs = active_jobs(for_branch(everything(repository), Trigger("feature")))
    assert set(jobs) == {*CHECKS, "preview", "comment-in-log"}
    assert "context" not in jobs["comment-in-log"]


def test_a_change_of_no_stack_has_no_preview_and_no_comment(repository: Repository) -> None:
    assert set(active_jobs(for_branch(Affected(), PULL_REQUEST))) == {"style"}
    service_tests = affected(repository, ["services/cart/tests/test_cart.py"])
    assert set(active_jobs(for_branch(service_tests, PULL_REQUEST))) == {"style", "types", "test"}


def test_only_what_has_changed_is_tested_and_built(repository: Repository) -> None:
    change = affected(repository, ["services/cart/src/boutique_cart/service.py", "services/ad/src/boutique_ad/ads.py"])
    parameters = for_branch(change, PULL_REQUEST)
    tested = str(parameters["folders-to-test"]).split()
    assert {folder for folder in tested if folder.startswith("services/")} == {"services/ad", "services/cart"}
    assert parameters["images-to-scan"] == "ad cart"


def test_a_list_too_long_for_a_parameter_names_the_top_folders(repository: Repository) -> None:
    many = frozenset(f"services/service-with-a-long-name-{number}" for number in range(20))
    assert for_branch(Affected(tests=many | {"infra"}), FORK)["folders-to-test"] == "infra services"


def test_a_fork_gets_no_credentials_and_a_comment_that_says_so(repository: Repository) -> None:
    jobs = active_jobs(for_branch(everything(repository), FORK))
    assert set(jobs) == {*CHECKS, "comment-for-fork"}
    assert not [name for name, arguments in jobs.items() if "context" in arguments]
    for name, job, _ in invocations(continue_config()["workflows"]["branch"]):
        if name in jobs:
            steps = str(continue_config()["jobs"][job]["steps"])
            assert "sign-in" not in steps
            assert "ci preview" not in steps


def test_main_deploys_one_stack_after_the_other_and_asks_a_person_before_prod(repository: Repository) -> None:
    jobs = active_jobs(for_main(repository, everything(repository), "main"))
    assert set(jobs["checks-passed"]["requires"]) == CHECKS
    assert {
        name: arguments["requires"] for name, arguments in jobs.items() if name not in {*CHECKS, "checks-passed"}
    } == {
        "push-dev": ["checks-passed"],
        "up-dev": ["push-dev"],
        "push-staging": ["checks-passed", "up-dev"],
        "up-staging": ["push-staging"],
        "approve-prod": ["checks-passed", "up-dev", "up-staging"],
        "push-prod": ["approve-prod"],
        "up-prod": ["push-prod"],
    }
    assert jobs["approve-prod"]["type"] == "approval"


def test_main_passes_over_a_stack_that_gives_pipelines_no_access(repository: Repository) -> None:
    only_prod = Repository(repository.root, repository.files, {"prod": repository.stacks["prod"]})
    jobs = active_jobs(for_main(only_prod, everything(repository), "main"))
    assert set(jobs) == {*CHECKS, "checks-passed", "approve-prod", "push-prod", "up-prod"}
    released = active_jobs(for_request(only_prod, Trigger("main", service="currency")))
    assert set(released) == {"start", "approve-prod", "up-prod"}


def test_every_requirement_is_a_job_of_the_same_workflow_above() -> None:
    for workflow in continue_config()["workflows"].values():
        names = [name for name, _, _ in invocations(workflow)]
        assert len(set(names)) == len(names)
        for name, _, arguments in invocations(workflow):
            assert set(required(arguments)) <= set(names[: names.index(name)]), name


def test_every_check_is_required_before_a_deployment() -> None:
    """A check that is added to branches must also hold up main."""
    of_branches = {name for name, _, arguments in invocations(continue_config()["workflows"]["branch"])}
    of_main = {name: arguments for name, _, arguments in invocations(continue_config()["workflows"]["main"])}
    assert of_branches & set(of_main) == CHECKS
    assert set(required(of_main["checks-passed"])) == CHECKS


@pytest.mark.parametrize(
    "file",
    ["README.md", "services/cart/tests/test_cart.py", "charts/redis/values.yaml", "stacks/Pulumi.demo.yaml"],
)
def test_main_deploys_nothing_if_nothing_that_runs_has_changed(repository: Repository, file: str) -> None:
    jobs = active_jobs(for_main(repository, affected(repository, [file]), "main"))
    assert not [name for name in jobs if name.startswith(("push-", "up-", "approve-"))]


def test_a_stack_is_deployed_from_the_branch_that_its_settings_name() -> None:
    repository = with_access(the_repository(), branch="release")
    whole = everything(repository)
    assert trunks(repository) == {"main", "release"}
    assert "up-dev" in active_jobs(for_main(repository, whole, "release"))
    assert "up-dev" not in active_jobs(for_main(repository, whole, "main"))
    assert "up-dev" not in active_jobs(for_main(the_repository(), whole, "main"))


def test_a_rollback_is_approved_for_each_stack_and_waits_for_no_other(repository: Repository) -> None:
    jobs = active_jobs(for_request(repository, Trigger("main", rollback_to=REVISION)))
    assert {name: arguments["requires"] for name, arguments in jobs.items()} == {
        **{f"approve-{stack}": [] for stack in ("dev", "staging", "prod")},
        **{f"up-{stack}": [f"approve-{stack}"] for stack in ("dev", "staging", "prod")},
    }
    assert {jobs[f"up-{stack}"]["revision"] for stack in ("dev", "staging", "prod")} == {
        "<< pipeline.parameters.rollback-to >>"
    }


def test_a_service_of_another_repository_passes_through_the_same_stacks(repository: Repository) -> None:
    moved = with_elsewhere(repository, "currency")
    jobs = active_jobs(for_request(moved, Trigger("main", service="currency", image="…")))
    assert {name: arguments["requires"] for name, arguments in jobs.items()} == {
        "start": [],
        "up-dev": ["start"],
        "up-staging": ["start", "up-dev"],
        "approve-prod": ["start", "up-dev", "up-staging"],
        "up-prod": ["approve-prod"],
    }


def test_nightly_looks_for_drift_and_tears_down_what_has_expired(repository: Repository) -> None:
    parameters = for_night(repository) | {"repository": "organization/boutique"}
    assert parameters["stacks-to-watch"] == " ".join(AWS)
    jobs = active_jobs(parameters)
    assert set(jobs) == {"drift-in-issues", "expire-demo"}
    assert jobs["drift-in-issues"]["context"] == ["boutique-read", "boutique-comment"]
    assert "serial-group" not in jobs["drift-in-issues"]
    elsewhere = active_jobs(parameters | {"repository": ""})
    assert set(elsewhere) == {"drift-in-log", "expire-demo"}
    assert elsewhere["drift-in-log"]["context"] == "boutique-read"


def test_expiring_stacks_are_read_from_the_settings(repository: Repository) -> None:
    dev = repository.stacks["dev"]
    assert dev
    expiring = dev.model_copy(update={"expires": date(2030, 1, 31)})
    found = for_night(Repository(repository.root, repository.files, {"dev": expiring}))
    assert found["stacks-to-watch"] == "dev"
    assert found["expire-dev"] is True


def test_a_night_without_access_runs_nothing() -> None:
    assert active_jobs(for_night(the_repository())) == {}
