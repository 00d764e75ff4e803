"""Why a pipeline runs, what git says has changed, and continuing the pipeline."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from cli.ci.changes import changed_on_branch, changed_since, github_repository
from cli.ci.continue_pipeline import continue_pipeline, post_continuation
from cli.ci.parameters import parameters
from cli.ci.repository import Repository
from cli.ci.trigger import PullRequest, Trigger
from cli.tests.pipelines import (
    CONTINUE_FILE,
    SETUP_FILE,
    active_jobs,
    the_repository,
    with_access,
    with_elsewhere,
)
from dev.errors import ActionableError
from dev.virtual_environment import ROOT

KEY = "a-key-for-one-use"
IMAGE = f"registry.example.com/currency@sha256:{'a' * 64}"


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
    ran = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return ran.stdout.strip()


def commit(folder: Path, **files: str) -> str:
    for name, content in files.items():
        (folder / name).write_text(content)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "A change")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone of a repository with one commit on main."""
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "--quiet", "--initial-branch", "main")
    commit(origin, first="1", second="2")
    git(tmp_path, "clone", "--quiet", str(origin), "checkout")
    return tmp_path / "checkout"


def test_a_branchs_change_starts_where_it_left_main(checkout: Path) -> None:
    git(checkout, "switch", "--quiet", "--create", "feature")
    commit(checkout, third="3")
    commit(checkout, first="changed")
    # A commit on main since then is not a change of the branch.
    commit(checkout.parent / "origin", second="changed on main")
    assert changed_on_branch(checkout) == ["first", "third"]


def test_both_names_of_a_renamed_file_have_changed(checkout: Path) -> None:
    base = git(checkout, "rev-parse", "HEAD")
    git(checkout, "mv", "first", "moved")
    commit(checkout)
    assert changed_since(checkout, base) == ["first", "moved"]


def test_a_clone_of_a_single_branch_still_finds_main(checkout: Path) -> None:
    git(checkout, "switch", "--quiet", "--create", "feature")
    commit(checkout, third="3")
    git(checkout, "push", "--quiet", "origin", "feature")
    one = checkout.parent / "one"
    git(checkout.parent, "clone", "--quiet", "--single-branch", "--branch", "feature", "origin", str(one))
    assert changed_on_branch(one) == ["third"]


@pytest.mark.parametrize("revision", ["", "0" * 40])
def test_an_unknown_base_means_that_everything_may_have_changed(checkout: Path, revision: str) -> None:
    assert changed_since(checkout, revision) is None


def test_a_second_pipeline_on_the_same_revision_runs_everything(checkout: Path) -> None:
    assert changed_since(checkout, git(checkout, "rev-parse", "HEAD")) is None


@pytest.fixture(scope="module")
def repository() -> Repository:
    return with_access(the_repository())


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"CIRCLE_BRANCH": "feature"}, "branch"),
        ({"CIRCLE_BRANCH": "pull/7"}, "branch"),
        ({"CIRCLE_BRANCH": "main", "CIRCLE_PR_REPONAME": "a-fork"}, "branch"),
        ({"CIRCLE_BRANCH": "main"}, "main"),
        ({"CIRCLE_BRANCH": "main", "PIPELINE_NIGHTLY": "true"}, "nightly"),
        ({"CIRCLE_BRANCH": "main", "PIPELINE_NIGHTLY": "false"}, "main"),
        ({"CIRCLE_BRANCH": "main", "PIPELINE_SERVICE": "currency", "PIPELINE_DIGEST": IMAGE}, "release"),
    ],
)
def test_each_trigger_starts_its_workflow(repository: Repository, variables: dict[str, str], expected: str) -> None:
    repository = with_elsewhere(repository, "currency")
    assert parameters(repository, Trigger.read(variables))["workflow"] == expected


def test_the_comment_goes_to_the_branchs_pull_request(checkout: Path, repository: Repository) -> None:
    git(checkout, "switch", "--quiet", "--create", "feature")
    commit(checkout, third="3")
    address = "https://github.com/organization/boutique/pull/7"
    trigger = Trigger.read({"CIRCLE_BRANCH": "feature", "CIRCLE_PULL_REQUEST": address})
    found = parameters(replace(repository, root=checkout, files=()), trigger)
    assert (found["repository"], found["pull-request"]) == ("organization/boutique", "7")


def test_an_empty_pipeline_value_counts_as_not_set() -> None:
    """CircleCI sets it as "<nil>"."""
    names = ("PIPELINE_BASE_REVISION", "PIPELINE_SERVICE", "PIPELINE_DIGEST", "PIPELINE_ROLLBACK_TO")
    assert Trigger.read({"CIRCLE_BRANCH": "main"} | dict.fromkeys(names, "<nil>")) == Trigger("main")


@pytest.mark.parametrize("address", ["", "https://gitlab.com/organization/boutique/pull/7", "https://github.com/; id"])
def test_any_other_address_is_not_a_pull_request(address: str) -> None:
    assert Trigger.read({"CIRCLE_PULL_REQUEST": address}).pull_request is None


def test_a_pull_request_is_read_from_its_address() -> None:
    address = "https://github.com/organization/boutique/pull/7"
    assert Trigger.read({"CIRCLE_PULL_REQUEST": address}).pull_request == PullRequest("organization/boutique", "7")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("git@github.com:organization/boutique.git", "organization/boutique"),
        ("https://github.com/organization/boutique", "organization/boutique"),
        ("https://gitlab.com/organization/boutique.git", None),
    ],
)
def test_the_repository_of_the_issues_is_read_from_the_clone(
    checkout: Path, address: str, expected: str | None
) -> None:
    git(checkout, "remote", "set-url", "origin", address)
    assert github_repository(checkout) == expected


@pytest.mark.parametrize("variables", [{"CIRCLE_BRANCH": "pull/7"}, {"CIRCLE_PR_REPONAME": "a-fork"}])
def test_a_fork_is_recognized(variables: dict[str, str]) -> None:
    assert Trigger.read(variables).fork


def test_a_rollback_is_to_a_revision_that_the_branch_had(checkout: Path, repository: Repository) -> None:
    first = git(checkout, "rev-parse", "HEAD")
    commit(checkout, third="3")
    git(checkout, "switch", "--quiet", "--detach")
    never_on_it = commit(checkout, fourth="4")
    git(checkout, "switch", "--quiet", "main")
    moved = replace(repository, root=checkout)
    trigger = Trigger("main", rollback_to=first)
    assert parameters(moved, trigger)["workflow"] == "rollback"
    for revision in (never_on_it, "main", "--help", first[:12], f"{first}; id"):
        with pytest.raises(ActionableError, match=r"rollback-to: .* must be a revision of this branch"):
            parameters(moved, replace(trigger, rollback_to=revision))


REJECTED: list[tuple[dict[str, str], str]] = [
    ({"PIPELINE_SERVICE": "currency"}, "set both, or neither"),
    ({"PIPELINE_DIGEST": IMAGE}, "set both, or neither"),
    ({"PIPELINE_NIGHTLY": "true", "PIPELINE_ROLLBACK_TO": "0" * 40}, "set only one of them"),
    ({"PIPELINE_SERVICE": "cart", "PIPELINE_DIGEST": IMAGE}, "service: 'cart': must be a service .* currency"),
    ({"PIPELINE_SERVICE": "currency", "PIPELINE_DIGEST": "currency:latest"}, "digest: 'currency:latest': must be"),
    ({"PIPELINE_SERVICE": "currency", "PIPELINE_DIGEST": f'{IMAGE}"; id'}, "digest: .* must be"),
    (
        {"PIPELINE_SERVICE": "currency", "PIPELINE_DIGEST": IMAGE, "CIRCLE_BRANCH": "feature"},
        "No stack is deployed from branch 'feature'",
    ),
    (
        {"PIPELINE_SERVICE": "currency", "PIPELINE_DIGEST": IMAGE, "CIRCLE_PR_REPONAME": "a-fork"},
        "No stack is deployed from",
    ),
]


@pytest.mark.parametrize(("variables", "message"), REJECTED)
def test_parameters_that_make_no_sense_are_rejected(
    repository: Repository, variables: dict[str, str], message: str
) -> None:
    repository = with_elsewhere(repository, "currency")
    with pytest.raises(ActionableError, match=message):
        parameters(repository, Trigger.read({"CIRCLE_BRANCH": "main", **variables}))


@dataclass
class Api:
    """The requests that CircleCI received, and its response."""

    requests: list[tuple[str, Any]] = field(default_factory=list)
    status: int = 200
    response: str = '{"message": "ok"}'
    address: str = ""


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            api.requests.append((self.path, json.loads(body)))
            self.send_response(api.status)
            self.end_headers()
            self.wfile.write(api.response.encode())

        def log_message(self, *_: object) -> None:
            """Keeps the output of the tests short."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        api.address = f"http://127.0.0.1:{server.server_port}/api/v2"
        yield api
        server.shutdown()


@pytest.fixture
def post(api: Api) -> Callable[[], None]:
    environment = {"CIRCLE_CONTINUATION_KEY": KEY, "CIRCLECI_API": api.address}
    return lambda: post_continuation("version: 2.1", {"workflow": "main"}, environment)


def test_circleci_receives_the_configuration_and_the_parameters(api: Api, post: Callable[[], None]) -> None:
    post()
    expected = {"continuation-key": KEY, "configuration": "version: 2.1", "parameters": {"workflow": "main"}}
    assert api.requests == [("/api/v2/pipeline/continue", expected)]


def test_a_setup_job_continues_with_the_checked_in_file_and_what_changed(
    api: Api, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = checkout / CONTINUE_FILE.relative_to(ROOT)
    file.parent.mkdir()
    file.write_text(CONTINUE_FILE.read_text())
    base = commit(checkout)
    commit(checkout, **{"README.md": "Read me"})
    variables = {"CIRCLE_BRANCH": "main", "PIPELINE_BASE_REVISION": base, "CIRCLE_CONTINUATION_KEY": KEY}
    continue_pipeline(checkout, {**variables, "CIRCLECI_API": api.address})
    ((_, request),) = api.requests
    assert request["configuration"] == CONTINUE_FILE.read_text()
    assert set(active_jobs(request["parameters"])) == {"style", "checks-passed"}
    printed = capsys.readouterr().out
    assert '"workflow": "main"' in printed
    assert KEY not in printed


def test_a_parameter_of_the_trigger_is_not_sent_again(repository: Repository) -> None:
    """CircleCI rejects a continuation that repeats one."""
    own = set(yaml.safe_load(SETUP_FILE.read_text())["parameters"])
    repository = with_elsewhere(repository, "currency")
    for variables in ({"PIPELINE_NIGHTLY": "true"}, {"PIPELINE_SERVICE": "currency", "PIPELINE_DIGEST": IMAGE}, {}):
        assert not own & set(parameters(repository, Trigger.read({"CIRCLE_BRANCH": "main", **variables})))


def test_a_rejection_is_reported_without_the_key(api: Api, post: Callable[[], None]) -> None:
    api.status, api.response = 400, f'{{"message": "The key {KEY} was used already."}}'
    with pytest.raises(ActionableError) as rejection:
        post()
    reason = '400 {"message": "The key [key] was used already."}'
    assert str(rejection.value) == f"CircleCI rejected the continuation: {reason}"


def test_an_unreachable_circleci_is_reported() -> None:
    environment = {"CIRCLE_CONTINUATION_KEY": KEY, "CIRCLECI_API": "http://127.0.0.1:1/api/v2"}
    with pytest.raises(ActionableError, match="CircleCI cannot be reached"):
        post_continuation("version: 2.1", {}, environment)


def test_without_a_key_nothing_is_sent(api: Api) -> None:
    with pytest.raises(ActionableError, match="CIRCLE_CONTINUATION_KEY is not set"):
        post_continuation("version: 2.1", {}, {"CIRCLECI_API": api.address})
    assert api.requests == []
