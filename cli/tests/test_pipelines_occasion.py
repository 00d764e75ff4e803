"""Why a pipeline runs, what git says has changed, and going on with CircleCI."""

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

import cli.ci.__main__
from cli.ci.__main__ import main
from cli.ci.changes import changed_on_branch, changed_since, on_github
from cli.ci.circleci import go_on
from cli.ci.occasion import Occasion, continuation
from cli.ci.repository import Repository
from cli.tests.pipelines import the_repository, with_access, with_elsewhere
from dev.errors import ActionableError

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


def test_a_branch_changes_what_it_did_since_it_left_main(checkout: Path) -> None:
    git(checkout, "switch", "--quiet", "--create", "feature")
    commit(checkout, third="3")
    commit(checkout, first="changed")
    # What main has had since then is not the branch's.
    commit(checkout.parent / "origin", second="changed on main")
    assert changed_on_branch(checkout) == ["first", "third"]


def test_a_renamed_file_counts_by_both_its_names(checkout: Path) -> None:
    base = git(checkout, "rev-parse", "HEAD")
    git(checkout, "mv", "first", "moved")
    commit(checkout)
    assert changed_since(checkout, base) == ["first", "moved"]


def test_a_clone_of_one_branch_alone_still_finds_main(checkout: Path) -> None:
    git(checkout, "switch", "--quiet", "--create", "feature")
    commit(checkout, third="3")
    git(checkout, "push", "--quiet", "origin", "feature")
    one = checkout.parent / "one"
    git(checkout.parent, "clone", "--quiet", "--single-branch", "--branch", "feature", "origin", str(one))
    assert changed_on_branch(one) == ["third"]


@pytest.mark.parametrize("revision", ["", "0" * 40])
def test_a_base_that_is_not_there_asks_for_all_of_it(checkout: Path, revision: str) -> None:
    assert changed_since(checkout, revision) is None


def test_a_pipeline_on_the_same_revision_again_is_asked_for_all_of_it(checkout: Path) -> None:
    assert changed_since(checkout, git(checkout, "rev-parse", "HEAD")) is None


@pytest.fixture(scope="module")
def repository() -> Repository:
    return with_access(the_repository())


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"CIRCLE_BRANCH": "feature"}, "pull-request"),
        ({"CIRCLE_BRANCH": "pull/7"}, "pull-request"),
        ({"CIRCLE_BRANCH": "main", "CIRCLE_PR_REPONAME": "a-fork"}, "pull-request"),
        ({"CIRCLE_BRANCH": "main"}, "main"),
        ({"CIRCLE_BRANCH": "main", "PIPELINE_NIGHTLY": "true"}, "nightly"),
        ({"CIRCLE_BRANCH": "main", "PIPELINE_NIGHTLY": "false"}, "main"),
        ({"CIRCLE_BRANCH": "main", "PIPELINE_SERVICE": "currency", "PIPELINE_DIGEST": IMAGE}, "release"),
    ],
)
def test_each_occasion_has_its_workflow(repository: Repository, variables: dict[str, str], expected: str) -> None:
    repository = with_elsewhere(repository, "currency")
    assert continuation(repository, Occasion.read(variables)).workflow == expected


def test_the_comment_goes_to_the_branch_s_pull_request(checkout: Path, repository: Repository) -> None:
    git(checkout, "switch", "--quiet", "--create", "feature")
    commit(checkout, third="3")
    request = {"CIRCLE_PULL_REQUEST": "https://github.com/organization/boutique/pull/7"}
    occasion = Occasion.read({"CIRCLE_BRANCH": "feature", **request})
    environment = continuation(replace(repository, root=checkout, files=()), occasion).jobs["comment"].environment
    assert (environment["REPOSITORY"], environment["PULL_REQUEST"]) == ("organization/boutique", "7")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("git@github.com:organization/boutique.git", "organization/boutique"),
        ("https://github.com/organization/boutique", "organization/boutique"),
        ("https://gitlab.com/organization/boutique.git", None),
    ],
)
def test_where_issues_are_is_read_from_the_clone(checkout: Path, address: str, expected: str | None) -> None:
    git(checkout, "remote", "set-url", "origin", address)
    assert on_github(checkout) == expected


@pytest.mark.parametrize("variables", [{"CIRCLE_BRANCH": "pull/7"}, {"CIRCLE_PR_REPONAME": "a-fork"}])
def test_what_comes_from_a_fork_is_known(variables: dict[str, str]) -> None:
    assert Occasion.read(variables).fork


def test_going_back_is_to_a_revision_that_the_branch_has_had(checkout: Path, repository: Repository) -> None:
    first = git(checkout, "rev-parse", "HEAD")
    commit(checkout, third="3")
    git(checkout, "switch", "--quiet", "--detach")
    never_on_it = commit(checkout, fourth="4")
    git(checkout, "switch", "--quiet", "main")
    moved = replace(repository, root=checkout)
    occasion = Occasion("main", rollback_to=first)
    assert continuation(moved, occasion).workflow == "rollback"
    for revision in (never_on_it, "main", "--help", first[:12], f"{first}; id"):
        with pytest.raises(ActionableError, match=r"rollback-to: .* must be a revision of this branch"):
            continuation(moved, replace(occasion, rollback_to=revision))


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"PIPELINE_SERVICE": "currency"}, "set both, or neither"),
    ({"PIPELINE_DIGEST": IMAGE}, "set both, or neither"),
    ({"PIPELINE_NIGHTLY": "true", "PIPELINE_ROLLBACK_TO": "0" * 40}, "does one of these"),
    ({"PIPELINE_SERVICE": "cart", "PIPELINE_DIGEST": IMAGE}, "service: 'cart': must be one .* currency"),
    ({"PIPELINE_SERVICE": "currency", "PIPELINE_DIGEST": "currency:latest"}, "digest: 'currency:latest': must be"),
    (
        {"PIPELINE_SERVICE": "currency", "PIPELINE_DIGEST": IMAGE, "CIRCLE_BRANCH": "feature"},
        "'feature' deploys no stack",
    ),
    (
        {"PIPELINE_SERVICE": "currency", "PIPELINE_DIGEST": IMAGE, "CIRCLE_PR_REPONAME": "a-fork"},
        "deploys no stack",
    ),
]


@pytest.mark.parametrize(("variables", "message"), REFUSED)
def test_parameters_that_make_no_sense_are_refused(
    repository: Repository, variables: dict[str, str], message: str
) -> None:
    repository = with_elsewhere(repository, "currency")
    with pytest.raises(ActionableError, match=message):
        continuation(repository, Occasion.read({"CIRCLE_BRANCH": "main", **variables}))


@dataclass
class Api:
    """What CircleCI was asked, and what it answers."""

    asked: list[tuple[str, Any]] = field(default_factory=list)
    status: int = 200
    answer: str = '{"message": "ok"}'
    address: str = ""


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            api.asked.append((self.path, json.loads(body)))
            self.send_response(api.status)
            self.end_headers()
            self.wfile.write(api.answer.encode())

        def log_message(self, *_: object) -> None:
            """Nothing: the answers are what is looked at."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        api.address = f"http://127.0.0.1:{server.server_port}/api/v2"
        yield api
        server.shutdown()


@pytest.fixture
def ask(api: Api) -> Callable[[str], None]:
    return lambda text: go_on(text, {"CIRCLE_CONTINUATION_KEY": KEY, "CIRCLECI_API": api.address})


def test_circleci_is_asked_to_go_on_with_the_configuration(api: Api, ask: Callable[[str], None]) -> None:
    ask("version: 2.1")
    expected = {"continuation-key": KEY, "configuration": "version: 2.1", "parameters": {}}
    assert api.asked == [("/api/v2/pipeline/continue", expected)]


def test_a_setup_job_finds_what_changed_and_goes_on_with_that(
    api: Api, checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(checkout, **{"README.md": "Read me"})
    base = git(checkout, "rev-parse", "HEAD~1")
    variables = {"CIRCLE_BRANCH": "main", "PIPELINE_BASE_REVISION": base, "CIRCLE_CONTINUATION_KEY": KEY}
    for name, value in {**variables, "CIRCLECI_API": api.address}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(cli.ci.__main__, "ROOT", checkout)
    assert main(["continue"]) == 0
    ((_, asked),) = api.asked
    assert yaml.safe_load(asked["configuration"])["workflows"] == {"main": {"jobs": [{"style": {}}]}}
    # Where the job keeps it, for whoever wants to know why.
    assert (checkout / "build" / "continuation.yml").read_text() == asked["configuration"]
    assert KEY not in "".join(capsys.readouterr())


def test_a_refusal_is_told_without_the_key(api: Api, ask: Callable[[str], None]) -> None:
    api.status, api.answer = 400, f'{{"message": "The key {KEY} was used already."}}'
    with pytest.raises(ActionableError) as refusal:
        ask("version: 2.1")
    assert str(refusal.value) == """CircleCI does not go on: 400 {"message": "The key [key] was used already."}"""


def test_circleci_out_of_reach_is_told() -> None:
    with pytest.raises(ActionableError, match="CircleCI cannot be asked to go on"):
        go_on("version: 2.1", {"CIRCLE_CONTINUATION_KEY": KEY, "CIRCLECI_API": "http://127.0.0.1:1/api/v2"})


def test_without_a_key_nothing_is_asked(api: Api) -> None:
    with pytest.raises(ActionableError, match="CIRCLE_CONTINUATION_KEY is not set"):
        go_on("version: 2.1", {"CIRCLECI_API": api.address})
    assert api.asked == []
