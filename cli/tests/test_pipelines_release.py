"""Services of other repositories, stacks that expire, images that are looked through."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml

from cli.account import Account
from cli.ci.addresses import addresses
from cli.ci.expiry import expire
from cli.ci.release import release
from cli.ci.repository import Repository
from cli.ci.versions import would_run
from cli.ci.vulnerabilities import scan
from cli.tests.conftest import changed
from cli.tests.fake_account import MANIFEST
from cli.tests.pipelines import the_repository, with_elsewhere
from dev.errors import ActionableError
from dev.images import context
from dev.virtual_environment import ROOT
from infra.config.settings import check_settings, read_settings

OLD, NEW = (f"registry.example.com/currency@sha256:{digit * 64}" for digit in "ab")


@pytest.fixture
def repository() -> Repository:
    return with_elsewhere(the_repository(), "currency")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A copy of a stack's file."""
    copy = tmp_path / "Pulumi.prod.yaml"
    copy.write_text((ROOT / "stacks" / copy.name).read_text())
    return copy


def image_in(file: Path) -> str | None:
    content = yaml.safe_load(file.read_text())["config"]
    settings = check_settings("prod", {key.removeprefix("boutique:"): value for key, value in content.items()})
    return settings.shop.services["currency"].image


def test_the_image_that_is_given_is_the_one_that_will_run(repository: Repository, file: Path) -> None:
    assert release(repository, file, {"currency": NEW}, {"currency": OLD}) == {"currency": NEW}
    assert image_in(file) == NEW


def test_what_the_file_says_else_of_the_service_stays(repository: Repository, file: Path) -> None:
    before = yaml.safe_load(file.read_text())["config"]
    release(repository, file, {"currency": NEW}, {})
    after = yaml.safe_load(file.read_text())["config"]
    assert after["boutique:shop"]["services"].pop("currency") == {"replicas": 3, "image": NEW}
    before["boutique:shop"]["services"].pop("currency")
    assert after == before


def test_an_image_that_is_not_given_stays_the_one_that_runs(repository: Repository, file: Path) -> None:
    assert release(repository, file, {"": ""}, {"currency": OLD, "cart": NEW}) == {"currency": OLD}


def test_an_image_that_the_file_names_counts_more_than_the_one_that_runs(repository: Repository, file: Path) -> None:
    release(repository, file, {"currency": NEW}, {})
    assert release(repository, file, {}, {"currency": OLD}) == {"currency": NEW}


def test_a_service_that_never_ran_has_to_be_given_an_image(repository: Repository, file: Path) -> None:
    with pytest.raises(ActionableError, match=r"Pulumi.prod.yaml: boutique:shop.services.currency.image: is needed"):
        release(repository, file, {}, {"cart": OLD})


def test_an_image_is_built_of_what_has_its_source_here_alone(tmp_path: Path) -> None:
    for name in ("cart", "currency"):
        (tmp_path / "services" / name / "src").mkdir(parents=True)
        (tmp_path / "services" / name / "service.yaml").touch()
    (tmp_path / "services" / "currency" / "src").rmdir()
    assert context.service_names(tmp_path) == ["cart"]


@pytest.fixture
def registry(account: Account) -> str:
    """With one image, of the cart."""
    ecr = account.session.client("ecr")
    for service in ("cart", "ad"):
        ecr.create_repository(repositoryName=f"boutique-dev/{service}")
    ecr.put_image(repositoryName="boutique-dev/cart", imageTag="1111", imageManifest=MANIFEST)
    return "123456789012.dkr.ecr.eu-central-1.amazonaws.com"


def test_a_preview_is_about_digests_where_there_are_images_and_about_tags_elsewhere(
    account: Account, registry: str
) -> None:
    found = would_run(account, {"cart": "1111", "ad": "2222", "newly-there": "3333"}, {"currency": OLD, "cart": "old"})
    digest = account.session.client("ecr").describe_images(repositoryName="boutique-dev/cart")["imageDetails"][0]
    assert found == {
        "cart": f"{registry}/boutique-dev/cart@{digest['imageDigest']}",
        "ad": f"{registry}/boutique-dev/ad:2222",
        "newly-there": f"{registry}/boutique-dev/newly-there:3333",
        "currency": OLD,
    }


@pytest.mark.parametrize(("stack", "service"), [("prod", "shop.example.com"), ("local", "localhost:30080")])
def test_the_shop_is_where_its_settings_say(stack: str, service: str) -> None:
    found = addresses(check_settings(stack, read_settings(stack)))
    assert found[0] == f"{'http' if stack == 'local' else 'https'}://{service}"


EXPIRES = date(2030, 1, 31)


@pytest.mark.parametrize(
    ("today", "torn_down"), [(date(2030, 1, 30), 0), (date(2030, 1, 31), 1), (date(2030, 2, 14), 1)]
)
def test_a_stack_goes_from_its_day_on(account: Account, today: date, torn_down: int) -> None:
    asked = []

    def teardown() -> int:
        asked.append("teardown")
        return 7

    assert expire(changed(account, expires=EXPIRES), today, teardown) == (7 if torn_down else 0)
    assert len(asked) == torn_down


def test_a_stack_without_a_day_is_never_taken_down(account: Account) -> None:
    def teardown() -> int:
        pytest.fail("is taken down")

    with pytest.raises(ActionableError, match=r"stacks/Pulumi.dev.yaml: boutique:aws.expires: is not set"):
        expire(account, date(2030, 1, 31), teardown)


@pytest.fixture
def trivy(tmp_path: Path) -> Callable[[str], Path]:
    """A program in Trivy's place, which writes down how it is called and does what the test says."""

    def make(script: str) -> Path:
        program = tmp_path / "trivy"
        program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n{script}\n')
        program.chmod(0o755)
        return program

    return make


ARCHIVES = {"cart": Path("/images/cart.tar"), "currency": Path("/images/currency.tar")}


def test_every_image_is_looked_through_even_after_a_finding(trivy: Callable[[str], Path], tmp_path: Path) -> None:
    program = trivy('case "$*" in *cart.tar) echo "cart: CVE-2030-1"; exit 10;; esac')
    assert scan(program, ARCHIVES) == 1
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [call.split()[-1] for call in calls] == ["/images/cart.tar", "/images/currency.tar"]
    assert all("--severity HIGH,CRITICAL --ignore-unfixed" in call for call in calls)


def test_what_is_found_is_shown_and_named(trivy: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    scan(trivy('case "$*" in *cart.tar) echo "CVE-2030-1"; exit 10;; esac'), ARCHIVES)
    told = capsys.readouterr().out
    assert "CVE-2030-1" in told
    assert "Vulnerable: cart." in told


def test_nothing_found_is_said(trivy: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert scan(trivy("exit 0"), ARCHIVES) == 0
    assert "Nothing is found in cart, currency." in capsys.readouterr().out


def test_a_database_out_of_reach_is_no_finding(trivy: Callable[[str], Path]) -> None:
    with pytest.raises(ActionableError, match=r"(?s)needs its database, of mirror.gcr.io.*no such host"):
        scan(trivy('echo "mirror.gcr.io: no such host" >&2; exit 1'), ARCHIVES)
