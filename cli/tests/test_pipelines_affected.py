"""Tests the effect of a change to each file of the repository, and to several files at once."""

import re
from collections.abc import Iterable

import pytest

from cli.ci.affected import Affected, affected, everything
from cli.ci.repository import Repository
from cli.tests.pipelines import the_repository

FILES = [file.as_posix() for file in the_repository().files]
SERVICES = sorted(file.split("/")[1] for file in FILES if re.fullmatch(r"services/[^/]+/service.yaml", file))
AWS = {"demo", "dev", "staging", "prod"}
PART = r"services/lib/[^/]+(?=/)|services/[^/]+(?=/)|(?:charts|cli|dev|infra|offline|tests)(?=/)"


@pytest.fixture(scope="module")
def repository() -> Repository:
    return the_repository()


def matching(pattern: str) -> list[str]:
    """Returns all tracked files that match, of which there must be some."""
    found = [file for file in FILES if re.fullmatch(pattern, file)]
    assert found, pattern
    return found


def by_file(repository: Repository, files: Iterable[str]) -> dict[str, Affected]:
    return {file: affected(repository, [file]) for file in files}


def test_prose_affects_only_the_style_check(repository: Repository) -> None:
    files = {*matching(r"docs/.*(?<!\.py)"), *matching(r"[^/]+\.md"), *matching("LICENSE")}
    files |= {file for file in FILES if file.endswith(".md") and not file.startswith("services/")}
    assert set(by_file(repository, files).values()) == {Affected()}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_tested_and_built_alone_and_every_stack_previewed(repository: Repository, service: str) -> None:
    for file, found in by_file(repository, matching(rf"services/{service}/src/.*")).items():
        assert found.images == {service}, file
        assert found.previews == AWS, file
        assert found.types, file
        assert not found.end_to_end, file
        # Tests of the contract run the service without importing it.
        assert {"tests", f"services/{service}"} <= found.tests, file
        others = {f"services/{other}" for other in SERVICES if other != service}
        assert not found.tests & others, file


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_file_affects_the_service_and_the_platform_that_reads_it(
    repository: Repository, service: str
) -> None:
    found = affected(repository, [f"services/{service}/service.yaml"])
    assert {f"services/{service}", "services/lib/definition", "infra", "dev", "cli"} <= found.tests
    assert found.images == {service}
    assert found.previews == AWS


def test_a_test_affects_only_the_tests_of_its_folder(repository: Repository) -> None:
    for file, found in by_file(repository, matching(r"services/.*/tests/.*\.py")).items():
        part = re.match(PART, file)
        assert part
        assert found == Affected(types=True, tests=frozenset({part[0]})), file
    for file, found in by_file(repository, matching(r"(charts|cli|dev|infra|offline)/(.*/)?tests/.*\.py")).items():
        assert found.tests == {file.split("/")[0]}, file
        assert not found.images | found.previews, file


def test_the_libraries_that_every_image_contains_affect_all_images(repository: Repository) -> None:
    for file, found in by_file(repository, matching(r"services/lib/(contract|runtime)/(src|protos)/.*")).items():
        assert found.images == set(SERVICES), file
        assert found.previews == AWS, file
        assert {f"services/{service}" for service in SERVICES} <= found.tests, file


@pytest.mark.parametrize("file", ["services/Dockerfile", "services/requirements.lock"])
def test_an_input_of_all_images_affects_all_images(repository: Repository, file: str) -> None:
    assert affected(repository, [file]) == Affected(images=frozenset(SERVICES), previews=frozenset(AWS))


def test_a_services_own_lock_file_affects_only_its_image(repository: Repository) -> None:
    for file, found in by_file(repository, matching(r"services/[^/]+/requirements\.lock")).items():
        assert found == Affected(images=frozenset({file.split("/")[1]}), previews=frozenset(AWS)), file


def test_a_web_application_is_checked_and_is_in_its_services_image(repository: Repository) -> None:
    for file, found in by_file(repository, matching(r"services/[^/]+/application/.*")).items():
        service = file.split("/")[1]
        assert found.applications, file
        assert found.images == ({service} & set(SERVICES)), file
        assert not found.end_to_end, file


@pytest.mark.parametrize("stack", sorted(AWS))
def test_a_stacks_settings_affect_only_its_preview(repository: Repository, stack: str) -> None:
    found = affected(repository, [f"stacks/Pulumi.{stack}.yaml"])
    assert found.previews == {stack}
    assert not found.images | found.end_to_end


def test_the_stack_of_one_machine_is_tested_on_a_cluster(repository: Repository) -> None:
    found = affected(repository, ["stacks/Pulumi.local.yaml"])
    assert found.end_to_end == {"tests"}
    assert not found.previews | found.images


def test_charts_are_tested_on_a_cluster_and_change_nothing_on_aws(repository: Repository) -> None:
    for file, found in by_file(repository, matching(r"charts/(?!tests/).*")).items():
        assert found == Affected(tests=frozenset({"charts"}), end_to_end=frozenset({"charts", "tests"})), file


def test_the_pulumi_program_is_tested_and_previewed_on_every_stack(repository: Repository) -> None:
    for file, found in by_file(repository, matching(r"infra/(?!(.*/)?tests/).*(?<!\.md)")).items():
        assert {"infra", "cli", "offline"} <= found.tests, file
        assert found.previews == AWS, file
        assert found.end_to_end == repository.end_to_end, file


def test_code_that_builds_images_affects_all_images(repository: Repository) -> None:
    for file, found in by_file(repository, matching(r"dev/(?!(.*/)?tests/).*(?<!\.md)")).items():
        assert {"dev", "cli", "offline"} <= found.tests, file
        assert found.images == set(SERVICES), file
        assert found.previews == AWS, file
        assert found.end_to_end == repository.end_to_end, file


@pytest.mark.parametrize("room", ["cli", "offline"])
def test_commands_and_emulation_are_tested_on_a_cluster(repository: Repository, room: str) -> None:
    for file, found in by_file(repository, matching(rf"{room}/(?!(.*/)?tests/).*(?<!\.md)")).items():
        assert room in found.tests, file
        assert found.end_to_end == repository.end_to_end, file


def test_a_command_builds_and_previews_nothing(repository: Repository) -> None:
    for file, found in by_file(repository, matching(r"cli/(?!tests/).*\.py")).items():
        assert not found.images | found.previews, file


def test_tests_that_cross_folders_are_all_run(repository: Repository) -> None:
    for file, found in by_file(repository, matching(r"tests/.*\.py")).items():
        assert found == Affected(types=True, tests=frozenset({"tests"}), end_to_end=frozenset({"tests"})), file


UNKNOWN = [
    "Makefile",
    "Pulumi.yaml",
    "pyproject.toml",
    "requirements.lock",
    "boutique",
    ".circleci/config.yml",
    ".circleci/continue.yml",
    "services/cart/pyproject.toml",
    "services/removed/src/boutique_removed/service.py",
    "services/lib/removed/src/boutique_removed/library.py",
    "stacks/Pulumi.removed.yaml",
    "newly/there.txt",
]


@pytest.mark.parametrize("file", UNKNOWN)
def test_a_file_without_a_rule_affects_everything(repository: Repository, file: str) -> None:
    found = affected(repository, [file])
    assert found == everything(repository)
    assert found.images == set(SERVICES)
    assert found.previews == AWS


def test_the_tests_beside_a_file_are_run(repository: Repository) -> None:
    """Excludes prose and lock files, which no test reads."""
    for file, found in by_file(repository, FILES).items():
        part = re.match(PART, file)
        if part and found != Affected() and part[0] in repository.tested and not file.endswith("requirements.lock"):
            assert part[0] in found.tests, file


def test_every_image_that_changes_is_previewed_on_every_stack(repository: Repository) -> None:
    for file, found in by_file(repository, FILES).items():
        assert not found.images or found.previews == AWS, file


@pytest.mark.parametrize(
    "files",
    [
        ["README.md", "services/cart/src/boutique_cart/service.py"],
        ["services/cart/src/boutique_cart/service.py", "services/currency/src/boutique_currency/rates.py"],
        ["stacks/Pulumi.dev.yaml", "charts/redis/values.yaml", "docs/policies.md"],
        ["stacks/Pulumi.dev.yaml", "stacks/Pulumi.prod.yaml"],
        ["cli/images.py", "services/email/tests/test_email.py"],
    ],
    ids=len,
)
def test_several_files_affect_what_each_of_them_does_and_nothing_more(repository: Repository, files: list[str]) -> None:
    together, separately = affected(repository, files), [affected(repository, [file]) for file in files]
    for field in ("tests", "end_to_end", "images", "previews"):
        assert getattr(together, field) == frozenset().union(*(getattr(one, field) for one in separately))
    assert together.types == any(one.types for one in separately)


def test_no_change_affects_nothing(repository: Repository) -> None:
    assert affected(repository, []) == Affected()
