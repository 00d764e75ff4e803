"""What a change of one file sets off, for every file that there is; and of several."""

import re
from collections.abc import Iterable

import pytest

from cli.ci.impact import Impact, everything, impact
from cli.ci.repository import Repository
from cli.tests.pipelines import the_repository

FILES = [file.as_posix() for file in the_repository().files]
SERVICES = sorted(file.split("/")[1] for file in FILES if re.fullmatch(r"services/[^/]+/service.yaml", file))
AWS = {"demo", "dev", "staging", "prod"}


@pytest.fixture(scope="module")
def repository() -> Repository:
    return the_repository()


def matching(pattern: str) -> list[str]:
    """All tracked files whose path is of the pattern, of which there have to be some."""
    found = [file for file in FILES if re.fullmatch(pattern, file)]
    assert found, pattern
    return found


def of_each(repository: Repository, files: Iterable[str]) -> dict[str, Impact]:
    return {file: impact(repository, [file]) for file in files}


def test_prose_is_checked_for_style_alone(repository: Repository) -> None:
    files = {*matching(r"docs/.*(?<!\.py)"), *matching(r"[^/]+\.md"), *matching("LICENSE")}
    files |= {file for file in FILES if file.endswith(".md") and not file.startswith("services/")}
    assert set(of_each(repository, files).values()) == {Impact()}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_tested_and_built_alone_and_every_stack_previewed(repository: Repository, service: str) -> None:
    for file, found in of_each(repository, matching(rf"services/{service}/src/.*")).items():
        assert found.images == {service}, file
        assert found.previews == AWS, file
        assert found.types, file
        assert not found.end_to_end, file
        # The contract is held by tests that run the service, and import nothing of it.
        assert {"tests", f"services/{service}"} <= found.tests, file
        others = {f"services/{other}" for other in SERVICES if other != service}
        assert not found.tests & others, file


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_says_about_itself_is_read_by_the_platform(repository: Repository, service: str) -> None:
    found = impact(repository, [f"services/{service}/service.yaml"])
    assert {f"services/{service}", "services/lib/definition", "infra", "local", "ops", "tests"} <= found.tests
    assert found.images == {service}
    assert found.previews == AWS


def test_tests_set_off_themselves_alone(repository: Repository) -> None:
    for file, found in of_each(repository, matching(r"services/.*/tests/.*\.py")).items():
        part = "/".join(file.split("/")[:2])
        assert found == Impact(types=True, tests=frozenset({part})), file
    for file, found in of_each(repository, matching(r"(infra|local|ops|charts)/(.*/)?tests/.*\.py")).items():
        assert found.tests == {file.split("/")[0]}, file
        assert not found.images | found.previews, file


def test_the_shared_library_is_in_every_image(repository: Repository) -> None:
    for file, found in of_each(repository, matching(r"services/lib/(contract|runtime)/(src|protos)/.*")).items():
        assert found.images == set(SERVICES), file
        assert found.previews == AWS, file
        assert {f"services/{service}" for service in SERVICES} <= found.tests, file


@pytest.mark.parametrize("file", ["services/Dockerfile", "services/requirements.lock"])
def test_what_all_images_are_made_with_sets_off_all_images(repository: Repository, file: str) -> None:
    assert impact(repository, [file]) == Impact(images=frozenset(SERVICES), previews=frozenset(AWS))


def test_a_service_s_own_lock_is_in_its_image_alone(repository: Repository) -> None:
    for file, found in of_each(repository, matching(r"services/[^/]+/requirements\.lock")).items():
        assert found == Impact(images=frozenset({file.split("/")[1]}), previews=frozenset(AWS)), file


def test_a_web_application_is_checked_and_is_in_its_service_s_image(repository: Repository) -> None:
    for file, found in of_each(repository, matching(r"services/[^/]+/application/.*")).items():
        service = file.split("/")[1]
        assert found.applications, file
        assert found.images == ({service} & set(SERVICES)), file
        assert not found.end_to_end, file


@pytest.mark.parametrize("stack", sorted(AWS))
def test_a_stack_s_file_sets_off_its_own_preview(repository: Repository, stack: str) -> None:
    found = impact(repository, [f"stacks/Pulumi.{stack}.yaml"])
    assert found.previews == {stack}
    assert not found.images | found.end_to_end


def test_the_stack_of_one_machine_is_run_there(repository: Repository) -> None:
    found = impact(repository, ["stacks/Pulumi.local.yaml"])
    assert found.end_to_end == {"tests"}
    assert not found.previews | found.images


def test_charts_are_run_and_change_nothing_on_aws(repository: Repository) -> None:
    for file, found in of_each(repository, matching(r"charts/(?!tests/).*")).items():
        assert found == Impact(tests=frozenset({"charts"}), end_to_end=frozenset({"charts", "tests"})), file


def test_the_platform_is_tested_previewed_built_and_run(repository: Repository) -> None:
    for file, found in of_each(repository, matching(r"(infra|local)/(?!(.*/)?tests/).*(?<!\.md)")).items():
        assert {"infra", "local", "ops", "tests"} <= found.tests | {file.split("/")[0]}, file
        assert found.previews == AWS, file
        assert found.images == set(SERVICES), file
        assert {"charts", "infra", "local", "tests"} <= found.end_to_end, file


def test_an_operator_s_commands_are_tested(repository: Repository) -> None:
    for file, found in of_each(repository, matching(r"ops/(?!tests/).*\.py")).items():
        assert found == Impact(types=True, tests=frozenset({"ops"})), file


def test_tests_that_cross_folders_are_run_all(repository: Repository) -> None:
    for file, found in of_each(repository, matching(r"tests/.*\.py")).items():
        assert found == Impact(types=True, tests=frozenset({"tests"}), end_to_end=frozenset({"tests"})), file


NOT_UNDERSTOOD = [
    "Makefile",
    "Pulumi.yaml",
    "pyproject.toml",
    "requirements.lock",
    ".circleci/config.yml",
    "services/cart/pyproject.toml",
    "services/removed/src/boutique_removed/service.py",
    "stacks/Pulumi.removed.yaml",
    "newly/there.txt",
]


@pytest.mark.parametrize("file", NOT_UNDERSTOOD)
def test_what_is_not_understood_sets_off_everything(repository: Repository, file: str) -> None:
    found = impact(repository, [file])
    assert found == everything(repository)
    assert found.images == set(SERVICES)
    assert found.previews == AWS


def test_every_file_s_own_part_is_tested(repository: Repository) -> None:
    """Whatever else is decided of a file, the tests next to it run, but for prose and what tests don't read."""
    for file, found in of_each(repository, FILES).items():
        part = re.match(r"services/[^/]+(?=/)|(?:charts|infra|local|ops|tests)(?=/)", file)
        if part and found != Impact() and part[0] in repository.tested and not file.endswith("requirements.lock"):
            assert part[0] in found.tests, file


def test_what_reaches_a_stack_is_previewed(repository: Repository) -> None:
    for file, found in of_each(repository, FILES).items():
        assert not found.images or found.previews == AWS, file


@pytest.mark.parametrize(
    "files",
    [
        ["README.md", "services/cart/src/boutique_cart/service.py"],
        ["services/cart/src/boutique_cart/service.py", "services/currency/src/boutique_currency/rates.py"],
        ["stacks/Pulumi.dev.yaml", "charts/redis/values.yaml", "docs/policies.md"],
        ["stacks/Pulumi.dev.yaml", "stacks/Pulumi.prod.yaml"],
        ["ops/images.py", "services/email/tests/test_email.py"],
    ],
    ids=len,
)
def test_several_files_set_off_what_each_does_and_nothing_more(repository: Repository, files: list[str]) -> None:
    together, alone = impact(repository, files), [impact(repository, [file]) for file in files]
    for field in ("tests", "end_to_end", "images", "previews"):
        assert getattr(together, field) == frozenset().union(*(getattr(one, field) for one in alone))
    assert together.types == any(one.types for one in alone)


def test_no_change_sets_off_nothing(repository: Repository) -> None:
    assert impact(repository, []) == Impact()
