"""Services of other repositories, stacks that expire, images that are scanned."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml

from cli.account import Account
from cli.ci.expiry import expire
from cli.ci.release import release
from cli.ci.repository import Repository
from cli.ci.versions import next_versions
from cli.ci.vulnerabilities import scan
from cli.smoke.addresses import addresses
from cli.tests.conftest import changed
from cli.tests.fake_account import MANIFEST
from cli.tests.pipelines import the_repository, with_elsewhere
from dev.errors import ActionableError
from dev.images import context
from dev.virtual_environment import ROOT
from infra.config.settings import check_settings

OLD, NEW = (f"registry.example.com/currency@sha256:{digit * 64}" for digit in "ab")


@pytest.fixture
def repository() -> Repository:
    return with_elsewhere(the_repository(), "currency")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Copies a stack's settings file."""
    copy = tmp_path / "Pulumi.prod.yaml"
    copy.write_text((ROOT / "stacks" / copy.name).read_text())
    return copy


def image_in(file: Path) -> str | None:
    content = yaml.safe_load(file.read_text())["config"]
    settings = check_settings("prod", {key.removeprefix("boutique:"): value for key, value in content.items()})
    return settings.shop.services["currency"].image


def test_a_released_image_is_the_one_that_will_run(repository: Repository, file: Path) -> None:
    assert release(repository, file, {"currency": NEW}, {"currency": OLD}) == {"currency": NEW}
    assert image_in(file) == NEW


def test_the_other_settings_of_the_service_stay(repository: Repository, file: Path) -> None:
    before = yaml.safe_load(file.read_text())["config"]
    release(repository, file, {"currency": NEW}, {})
    after = yaml.safe_load(file.read_text())["config"]
    assert after["boutique:shop"]["services"].pop("currency") == {"replicas": 3, "image": NEW}
    before["boutique:shop"]["services"].pop("currency")
    assert after == before


def test_without_a_release_the_running_image_stays(repository: Repository, file: Path) -> None:
    assert release(repository, file, {"": ""}, {"currency": OLD, "cart": NEW}) == {"currency": OLD}


def test_an_image_in_the_settings_takes_precedence_over_the_running_one(repository: Repository, file: Path) -> None:
    release(repository, file, {"currency": NEW}, {})
    assert release(repository, file, {}, {"currency": OLD}) == {"currency": NEW}


def test_a_service_that_never_ran_needs_an_image(repository: Repository, file: Path) -> None:
    with pytest.raises(ActionableError, match=r"Pulumi.prod.yaml: boutique:shop.services.currency.image: is needed"):
        release(repository, file, {}, {"cart": OLD})


def test_only_services_with_source_here_have_their_image_built(tmp_path: Path) -> None:
    for name in ("cart", "currency"):
        (tmp_path / "services" / name / "src").mkdir(parents=True)
        (tmp_path / "services" / name / "service.yaml").touch()
    (tmp_path / "services" / "currency" / "src").rmdir()
    assert context.service_names(tmp_path) == ["cart"]


@pytest.fixture
def registry(account: Account) -> str:
    """Creates a registry with one image, of the cart."""
    ecr = account.session.client("ecr")
    for service in ("cart", "ad"):
        ecr.create_repository(repositoryName=f"boutique-dev/{service}")
    ecr.put_image(repositoryName="boutique-dev/cart", imageTag="1111", imageManifest=MANIFEST)
    return "123456789012.dkr.ecr.eu-central-1.amazonaws.com"


def test_a_preview_names_pushed_images_by_digest_and_the_others_by_tag(account: Account, registry: str) -> None:
    found = next_versions(
        account, {"cart": "1111", "ad": "2222", "newly-there": "3333"}, {"currency": OLD, "cart": "old"}
    )
    digest = account.session.client("ecr").describe_images(repositoryName="boutique-dev/cart")["imageDetails"][0]
    assert found == {
        "cart": f"{registry}/boutique-dev/cart@{digest['imageDigest']}",
        "ad": f"{registry}/boutique-dev/ad:2222",
        "newly-there": f"{registry}/boutique-dev/newly-there:3333",
        "currency": OLD,
    }


@pytest.mark.parametrize(("stack", "service"), [("prod", "shop.example.com"), ("local", "localhost:30080")])
def test_the_shops_addresses_are_read_from_the_settings(stack: str, service: str) -> None:
    found = addresses(stack)
    assert found[0] == f"{'http' if stack == 'local' else 'https'}://{service}"


EXPIRES = date(2030, 1, 31)


@pytest.mark.parametrize(
    ("today", "torn_down"), [(date(2030, 1, 30), 0), (date(2030, 1, 31), 1), (date(2030, 2, 14), 1)]
)
def test_a_stack_is_torn_down_from_its_day_on(account: Account, today: date, torn_down: int) -> None:
    calls = []

    def teardown() -> int:
        calls.append("teardown")
        return 7

    assert expire(changed(account, expires=EXPIRES), today, teardown) == (7 if torn_down else 0)
    assert len(calls) == torn_down


def test_a_stack_without_a_day_is_never_torn_down(account: Account) -> None:
    def teardown() -> int:
        pytest.fail("the stack was torn down")

    with pytest.raises(ActionableError, match=r"stacks/Pulumi.dev.yaml: boutique:aws.expires: is not set"):
        expire(account, date(2030, 1, 31), teardown)


@pytest.fixture
def trivy(tmp_path: Path) -> Callable[[str], Path]:
    """Creates a substitute for Trivy that records its arguments and then runs the script of the test."""

    def make(script: str) -> Path:
        program = tmp_path / "trivy"
        program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n{script}\n')
        program.chmod(0o755)
        return program

    return make


ARCHIVES = {"cart": Path("/images/cart.tar"), "currency": Path("/images/currency.tar")}


def test_every_image_is_scanned_even_after_a_finding(trivy: Callable[[str], Path], tmp_path: Path) -> None:
    program = trivy('case "$*" in *cart.tar) echo "cart: CVE-2030-1"; exit 10;; esac')
    assert scan(program, ARCHIVES) == 1
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [call.split()[-1] for call in calls] == ["/images/cart.tar", "/images/currency.tar"]
    assert all("--severity HIGH,CRITICAL --ignore-unfixed" in call for call in calls)


def test_a_finding_is_printed_with_its_service(
    trivy: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    scan(trivy('case "$*" in *cart.tar) echo "CVE-2030-1"; exit 10;; esac'), ARCHIVES)
    printed = capsys.readouterr().out
    assert "CVE-2030-1" in printed
    assert "Vulnerable: cart." in printed


def test_a_scan_without_findings_says_so(trivy: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert scan(trivy("exit 0"), ARCHIVES) == 0
    assert "No vulnerability found in cart, currency." in capsys.readouterr().out


def test_an_unreachable_database_is_an_error_and_not_a_finding(trivy: Callable[[str], Path]) -> None:
    with pytest.raises(ActionableError, match=r"(?s)needs its database, from mirror.gcr.io.*no such host"):
        scan(trivy('echo "mirror.gcr.io: no such host" >&2; exit 1'), ARCHIVES)
