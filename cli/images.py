"""The shop's images in a stack's registry. A tag says what an image is made of: what is there is not built."""

import base64
import json
from collections.abc import Mapping
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
    """Pushes what the registry lacks, prints each image's digest, and writes what infra/config/images.py reads.

    Raises ActionableError where there is no repository for a service, or an image can't be built or pushed.
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
        print(f"{name:15} {digest}   {'pushed' if name in missing else 'as it was'}")
    _write(account.stack, {name: f"{repositories[name]}@{digest}" for name, digest in sorted(digests.items())})


def _repositories(ecr: "ECRClient", account: Account, services: Mapping[str, str]) -> dict[str, str]:
    """The address of each service's, such as `<account>.dkr.ecr.<region>.amazonaws.com/boutique-dev/cart`."""
    there = {
        repository["repositoryName"]: repository["repositoryUri"]
        for page in ecr.get_paginator("describe_repositories").paginate()
        for repository in page["repositories"]
    }
    if missing := sorted(name for name in services if _repository(account, name) not in there):
        raise ActionableError(
            f"{account.stack} has no repository for {', '.join(missing)} in the account {account.settings.account}: "
            f"the stack itself makes them: `make up STACK={account.stack}` does, and then comes here by itself."
        )
    return {name: there[_repository(account, name)] for name in services}


def _repository(account: Account, service: str) -> str:
    return f"{account.naming.name()}/{service}"


def _digests(ecr: "ECRClient", account: Account, tags: Mapping[str, str]) -> dict[str, str]:
    """The digest of each image that is in the registry by its tag."""
    digests = {}
    for service, tag in tags.items():
        answer = ecr.batch_get_image(repositoryName=_repository(account, service), imageIds=[{"imageTag": tag}])
        if answer["images"]:
            digests[service] = answer["images"][0]["imageId"]["imageDigest"]
    return digests


def _login(ecr: "ECRClient") -> Login:
    """For twelve hours. Source: ECR API, GetAuthorizationToken."""
    (given,) = ecr.get_authorization_token()["authorizationData"]
    username, _, password = base64.b64decode(given["authorizationToken"]).decode().partition(":")
    return Login(given["proxyEndpoint"].removeprefix("https://"), username, password)


def _write(stack: str, references: Mapping[str, str]) -> None:
    file = ROOT / "build" / f"images-{stack}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(references, indent=2))
    print(f"\n{file.relative_to(ROOT)} says what {stack} runs.    Next:  make up STACK={stack}")
