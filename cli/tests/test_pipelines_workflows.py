"""What runs when, and with which rights."""

from datetime import date

import pytest

from cli.ci import workflows
from cli.ci.continuation import Approval, Continuation, Placed
from cli.ci.impact import Impact, everything, impact
from cli.ci.jobs import SIGN_IN, Document
from cli.ci.repository import Repository, Stack
from cli.tests.pipelines import the_repository, with_access, with_elsewhere

REQUEST = workflows.PullRequest("organization/boutique", "7")
REVISION = "0123456789abcdef0123456789abcdef01234567"
IMAGE = f"registry.example.com/currency@sha256:{'a' * 64}"


@pytest.fixture(scope="module")
def repository() -> Repository:
    return with_access(the_repository())


def placed(continuation: Continuation, name: str) -> Placed:
    (found,) = [member for member in continuation.members if isinstance(member, Placed) and member.name == name]
    return found


def steps(job: Document, kind: str) -> list[Document]:
    return [step[kind] for step in job["steps"] if kind in step and not isinstance(step, str)]


def test_a_pull_request_checks_previews_and_ends_with_one_comment(repository: Repository) -> None:
    found = workflows.branch(repository, everything(repository), REQUEST)
    previews = [f"preview-{stack}" for stack in ("demo", "dev", "prod", "staging")]
    assert set(found.jobs) == {
        *("style", "types", "applications", "images", "e2e", "comment"),
        *(f"test-{group}" for group in ("charts", "infra", "local", "ops", "services", "tests")),
        *previews,
    }
    comment = placed(found, "comment")
    assert comment.document()["comment"]["requires"] == [{preview: "terminal"} for preview in previews]
    assert comment.job.environment == {
        "STACKS": "demo dev prod staging",
        "REPOSITORY": "organization/boutique",
        "PULL_REQUEST": "7",
    }
    assert comment.contexts == workflows.COMMENT
    assert all("serial-group" not in member.document()[member.name] for member in found.members)


def test_a_branch_without_a_pull_request_has_its_comment_in_the_log(repository: Repository) -> None:
    comment = placed(workflows.branch(repository, everything(repository)), "comment")
    assert comment.job.environment == {"STACKS": "demo dev prod staging"}
    assert comment.contexts == ()


def test_a_pull_request_that_touches_no_stack_has_no_comment(repository: Repository) -> None:
    assert set(workflows.branch(repository, Impact(), REQUEST).jobs) == {"style"}
    service_tests = impact(repository, ["services/cart/tests/test_cart.py"])
    assert set(workflows.branch(repository, service_tests, REQUEST).jobs) == {
        "style",
        "types",
        "test-services",
    }


def test_only_what_has_changed_is_tested_and_built(repository: Repository) -> None:
    change = impact(repository, ["services/cart/src/boutique_cart/service.py", "services/ad/src/boutique_ad/ads.py"])
    jobs = workflows.branch(repository, change, REQUEST).jobs
    assert jobs["test-services"].environment == {"TESTS": "services/ad services/cart"}
    assert jobs["images"].environment == {"SERVICES": "ad cart"}


def test_previews_read_and_what_they_find_outlives_their_failure(repository: Repository) -> None:
    found = workflows.branch(repository, everything(repository), REQUEST)
    preview = placed(found, "preview-prod")
    assert preview.job.role == "arn:aws:iam::123456789012:role/boutique-prod-pipelines-preview"
    assert preview.contexts == workflows.READ
    (kept,) = steps(preview.job.document(), "persist_to_workspace")
    assert kept == {"root": "build", "paths": ["plan-prod.*"], "when": "always"}
    (gathered,) = steps(placed(found, "comment").job.document(), "attach_workspace")
    assert gathered == {"at": "build"}


def test_without_access_a_preview_is_of_an_emulated_account() -> None:
    repository = the_repository()
    found = workflows.branch(repository, everything(repository), REQUEST)
    preview = placed(found, "preview-dev")
    assert (preview.job.role, preview.contexts) == (None, ())
    assert not [step for step in steps(preview.job.document(), "run") if step["name"] == SIGN_IN]


def test_a_fork_has_no_credentials_no_preview_and_a_comment_that_says_so(repository: Repository) -> None:
    found = workflows.fork(everything(repository))
    assert not [name for name in found.jobs if name.startswith("preview")]
    assert "role/" not in found.text()
    assert "CIRCLE_OIDC_TOKEN_V2" not in found.text()
    assert all(not member.contexts for member in found.members if isinstance(member, Placed))
    assert found.jobs["comment"].environment == {"FORK": "1"}
    checks = workflows.branch(repository, everything(repository), REQUEST).jobs
    assert set(found.jobs) == {name for name in checks if not name.startswith("preview")}


def test_main_goes_from_stack_to_stack_and_a_person_lets_it_into_prod(repository: Repository) -> None:
    found = workflows.trunk(repository, everything(repository), "main")
    checks = [name for name in found.jobs if not name.startswith(("push-", "up-"))]
    order = [member for member in found.members if member.name not in checks]
    assert {member.name: list(member.requires) for member in order} == {
        "push-dev": checks,
        "up-dev": ["push-dev"],
        "push-staging": ["up-dev"],
        "up-staging": ["push-staging"],
        "approve-prod": ["up-staging"],
        "push-prod": ["approve-prod"],
        "up-prod": ["push-prod"],
    }
    (approval,) = [member for member in order if isinstance(member, Approval)]
    assert approval.document() == {"approve-prod": {"type": "approval", "requires": ["up-staging"]}}


def test_what_builds_has_an_engine_and_what_changes_a_cluster_comes_from_known_addresses(
    repository: Repository,
) -> None:
    """CircleCI has known addresses for containers alone, and an engine for none of these."""
    jobs = workflows.trunk(repository, everything(repository), "main").jobs
    assert "machine" in jobs["push-dev"].document()
    assert jobs["push-dev"].role == jobs["up-dev"].role
    up = jobs["up-dev"].document()
    assert (up["circleci_ip_ranges"], "docker" in up) == (True, True)
    branch = workflows.branch(repository, everything(repository), REQUEST).jobs
    assert branch["preview-dev"].document()["circleci_ip_ranges"]
    assert "circleci_ip_ranges" not in branch["style"].document()


def test_one_up_at_a_time_changes_a_stack_until_its_smoke_test_has_passed(repository: Repository) -> None:
    found = workflows.trunk(repository, everything(repository), "main")
    groups = {}
    for stack in workflows.PROMOTION:
        up = placed(found, f"up-{stack}")
        assert list(up.job.targets) == ["up", "smoke"]
        assert up.job.environment == {"STACK": stack}
        assert up.job.role == f"arn:aws:iam::123456789012:role/boutique-{stack}-pipelines-deploy"
        groups[stack] = up.document()[f"up-{stack}"]["serial-group"]
    assert groups == {stack: f"<< pipeline.project.slug >>/{stack}" for stack in workflows.PROMOTION}


@pytest.mark.parametrize(
    "file",
    ["README.md", "services/cart/tests/test_cart.py", "charts/redis/values.yaml", "stacks/Pulumi.demo.yaml"],
)
def test_main_deploys_nothing_where_nothing_that_runs_has_changed(repository: Repository, file: str) -> None:
    found = workflows.trunk(repository, impact(repository, [file]), "main")
    assert not [member for member in found.members if member.name.startswith(("push-", "up-", "approve-"))]


def test_a_stack_is_deployed_from_the_branch_that_its_settings_name() -> None:
    repository = with_access(the_repository(), branch="release")
    whole = everything(repository)
    assert workflows.trunks(repository) == {"main", "release"}
    assert "up-dev" in workflows.trunk(repository, whole, "release").jobs
    assert "up-dev" not in workflows.trunk(repository, whole, "main").jobs
    assert "up-dev" not in workflows.trunk(the_repository(), whole, "main").jobs


def test_a_rollback_is_approved_for_each_stack_and_waits_for_no_other(repository: Repository) -> None:
    found = workflows.rollback(repository, "main", REVISION)
    for stack in workflows.PROMOTION:
        up = placed(found, f"up-{stack}")
        assert list(up.requires) == [f"approve-{stack}"]
        commands = [step["command"] for step in steps(up.job.document(), "run")]
        assert commands[0] == f"git checkout --detach {REVISION}"
        assert commands[-2:] == ["make up", "make smoke"]
        assert up.environment == stack


def test_a_service_of_another_repository_goes_the_same_way(repository: Repository) -> None:
    found = workflows.release(with_elsewhere(repository, "currency"), "main", "currency", IMAGE)
    assert [member.name for member in found.members] == ["up-dev", "up-staging", "approve-prod", "up-prod"]
    for stack in workflows.PROMOTION:
        up = placed(found, f"up-{stack}")
        assert list(up.job.targets) == ["release", "up", "smoke"]
        assert up.job.environment == {"STACK": stack, "SERVICE": "currency", "IMAGE": IMAGE}


def test_an_up_for_another_reason_leaves_services_of_other_repositories_as_they_are(repository: Repository) -> None:
    found = workflows.trunk(with_elsewhere(repository, "currency"), everything(repository), "main")
    assert list(placed(found, "up-dev").job.targets) == ["release", "up", "smoke"]


def test_nightly_looks_for_drift_everywhere_and_takes_down_what_has_expired(repository: Repository) -> None:
    found = workflows.nightly(repository)
    assert set(found.jobs) == {"drift-demo", "drift-dev", "drift-prod", "drift-staging", "expire-demo"}
    drift, expiry = placed(found, "drift-prod"), placed(found, "expire-demo")
    assert drift.job.role == "arn:aws:iam::123456789012:role/boutique-prod-pipelines-preview"
    assert drift.environment is None
    # What main has not brought to prod yet is no drift.
    assert drift.job.environment == {"STACK": "prod", "RUNNING": "1"}
    assert list(drift.job.targets) == ["versions", "drift"]
    told = placed(workflows.nightly(repository, "organization/boutique"), "drift-prod")
    assert told.job.environment == {**drift.job.environment, "REPOSITORY": "organization/boutique"}
    assert told.contexts == (*workflows.READ, *workflows.COMMENT)
    assert expiry.job.role == "arn:aws:iam::123456789012:role/boutique-demo-pipelines-deploy"
    assert expiry.environment == "demo"


def test_what_expires_is_read_from_the_settings(repository: Repository) -> None:
    dev = repository.stacks["dev"].aws
    assert dev
    stacks = {"dev": Stack("dev", dev.model_copy(update={"expires": date(2030, 1, 31)}))}
    lent = Repository(repository.root, repository.files, stacks)
    assert set(workflows.nightly(lent).jobs) == {"drift-dev", "expire-dev"}


def test_a_night_without_access_still_has_a_job() -> None:
    """CircleCI refuses a workflow of none."""
    assert set(workflows.nightly(the_repository()).jobs) == {"style"}
