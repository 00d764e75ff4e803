"""Tests which images are built and pushed for a stack, and which references the program gets."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

import cli.images
from cli.account import Account
from cli.images import images
from cli.tests.fake_account import MANIFEST
from dev.errors import ActionableError
from dev.images.engines import Login
from infra.config.images import load_images

REGISTRY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
TAGS = {"ad": "1111", "cart": "2222"}


class Builder:
    """Replaces dev.images. Puts images into the registry without building them."""

    def __init__(self, account: Account) -> None:
        self._ecr = account.session.client("ecr")
        self.pushed: list[str] = []
        self.logins: list[Login] = []

    def tags(self, *_: object) -> Mapping[str, str]:
        return TAGS

    def push(self, _: Path, destinations: Mapping[str, str], login: Login, **__: object) -> None:
        self.logins.append(login)
        for destination in destinations.values():
            repository, _tag, tag = destination.removeprefix(f"{REGISTRY}/").partition(":")
            self.put(repository, tag)
            self.pushed.append(destination)

    def put(self, repository: str, tag: str) -> None:
        manifest = json.dumps(json.loads(MANIFEST) | {"annotations": {"of": f"{repository}:{tag}"}})
        self._ecr.put_image(repositoryName=repository, imageTag=tag, imageManifest=manifest)


@pytest.fixture
def builder(account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Builder:
    builder = Builder(account)
    monkeypatch.setattr(cli.images, "image_build", builder)
    monkeypatch.setattr(cli.images, "ROOT", tmp_path)
    return builder


@pytest.fixture
def repositories(account: Account) -> None:
    for service in TAGS:
        account.session.client("ecr").create_repository(repositoryName=f"boutique-dev/{service}")


@pytest.mark.usefixtures("repositories")
def test_only_missing_images_are_pushed(account: Account, builder: Builder) -> None:
    builder.put("boutique-dev/ad", TAGS["ad"])
    images(account)
    assert builder.pushed == [f"{REGISTRY}/boutique-dev/cart:2222"]


@pytest.mark.usefixtures("repositories")
def test_a_second_run_builds_nothing(account: Account, builder: Builder, capsys: pytest.CaptureFixture[str]) -> None:
    images(account)
    builder.pushed.clear()
    capsys.readouterr()
    images(account)
    assert builder.pushed == []
    assert capsys.readouterr().out.count("unchanged") == 2


@pytest.mark.usefixtures("repositories")
def test_the_program_gets_each_image_by_digest(
    account: Account, builder: Builder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images(account)
    output = capsys.readouterr().out
    found = load_images(tmp_path / "build" / "images-dev.json")
    ecr = account.session.client("ecr")
    for service, tag in TAGS.items():
        (detail,) = ecr.describe_images(repositoryName=f"boutique-dev/{service}", imageIds=[{"imageTag": tag}])[
            "imageDetails"
        ]
        assert found[service] == f"{REGISTRY}/boutique-dev/{service}@{detail['imageDigest']}"
        assert detail["imageDigest"] in output


@pytest.mark.usefixtures("repositories")
def test_the_password_is_never_printed(account: Account, builder: Builder, capsys: pytest.CaptureFixture[str]) -> None:
    images(account)
    (login,) = builder.logins
    assert (login.username, login.registry) == ("AWS", REGISTRY)
    output = capsys.readouterr()
    assert login.password
    assert login.password not in repr(login) + output.out + output.err


def test_missing_repositories_are_an_error_that_says_how_to_create_them(account: Account, builder: Builder) -> None:
    with pytest.raises(
        ActionableError, match=r"dev has no repository for ad, cart .* `boutique up dev` creates the repositories"
    ):
        images(account)
    assert builder.pushed == []
