"""Builds the shop's images and pushes them to a stack's registry.

An image's tag is a digest of its source, so an image whose tag is in the registry is not built again.
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cli.account import Account
from dev import images as image_build
from dev.errors import ActionableError
from dev.images.engines import Login
from dev.progress import Progress
from dev.virtual_environment import ENVIRONMENT, ROOT

if TYPE_CHECKING:
    from types_boto3_ecr import ECRClient


def images(account: Account) -> None:
    """Pushes the images that the registry lacks, prints all digests, and writes the file for infra/config/images.py.

    Raises:
        ActionableError: If a service has no repository, or an image can't be built or pushed.
    """
    ecr = account.session.client("ecr")
    with Progress() as progress:
        wanted = image_build.tags(ROOT, progress)
        repositories = _repositories(ecr, account, wanted)
        digests = _digests(ecr, account, wanted)
        if missing := sorted(wanted.keys() - digests.keys()):
            destinations = {name: f"{repositories[name]}:{wanted[name]}" for name in missing}
            image_build.push(ROOT, destinations, _login(ecr), uv=ENVIRONMENT / "bin" / "uv", progress=progress)
            digests = _digests(ecr, account, wanted)
    for name, digest in sorted(digests.items()):
        print(f"{name:15} {digest}   {'pushed' if name in missing else 'unchanged'}")
    write_image_list(
        account.stack, {name: f"{repositories[name]}@{digest}" for name, digest in sorted(digests.items())}
    )


def _repositories(ecr: "ECRClient", account: Account, services: Mapping[str, str]) -> dict[str, str]:
    """Returns the repositories' addresses, such as `<account>.dkr.ecr.<region>.amazonaws.com/boutique-dev/cart`."""
    found = {
        repository["repositoryName"]: repository["repositoryUri"]
        for page in ecr.get_paginator("describe_repositories").paginate()
        for repository in page["repositories"]
    }
    if missing := sorted(name for name in services if _repository(account, name) not in found):
        raise ActionableError(
            f"{account.stack} has no repository for {', '.join(missing)} in the account {account.settings.account}. "
            f"`boutique up {account.stack}` creates the repositories, then pushes the images."
        )
    return {name: found[_repository(account, name)] for name in services}


def _repository(account: Account, service: str) -> str:
    return f"{account.naming.name()}/{service}"


def _digests(ecr: "ECRClient", account: Account, tags: Mapping[str, str]) -> dict[str, str]:
    """Returns the digests of the images whose tags are in the registry."""
    found = {service: image_digest(ecr, _repository(account, service), tag) for service, tag in tags.items()}
    return {service: digest for service, digest in found.items() if digest}


def image_digest(ecr: "ECRClient", repository: str, tag: str) -> str | None:
    """Returns an image's digest, or None if the registry lacks the image. Uses a read-only API call."""
    try:
        found = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except (ecr.exceptions.ImageNotFoundException, ecr.exceptions.RepositoryNotFoundException):
        return None
    return found["imageDetails"][0]["imageDigest"]


def _login(ecr: "ECRClient") -> Login:
    """Returns a login that is valid for twelve hours. Source: ECR API, GetAuthorizationToken."""
    (token,) = ecr.get_authorization_token()["authorizationData"]
    username, _, password = base64.b64decode(token["authorizationToken"]).decode().partition(":")
    return Login(token["proxyEndpoint"].removeprefix("https://"), username, password)


def image_list(stack: str) -> Path:
    """Returns the file that names the image of each service for the program."""
    return ROOT / "build" / f"images-{stack}.json"


def write_image_list(stack: str, references: Mapping[str, str]) -> None:
    """Writes the images by service to the stack's file, and prints its name."""
    file = image_list(stack)
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(references, indent=2))
    print(f"\n{file.relative_to(ROOT)} lists {len(references)} images of {stack}.")
