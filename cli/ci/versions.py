"""Which image of each service a preview is about: nothing is built for one, and nothing is pushed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cli.account import Account

if TYPE_CHECKING:
    from types_boto3_ecr import ECRClient


def would_run(account: Account, tags: Mapping[str, str], running: Mapping[str, str]) -> dict[str, str]:
    """By service: by its digest what the registry has, by its tag what an `up` would push first.

    `running` is what runs now: of services that are built elsewhere, that would go on.
    """
    ecr = account.session.client("ecr")
    registry = f"{account.settings.account}.dkr.ecr.{account.settings.region}.amazonaws.com"
    images = dict(running)
    for service, tag in tags.items():
        repository = f"{account.naming.name()}/{service}"
        digest = _digest(ecr, repository, tag)
        images[service] = f"{registry}/{repository}@{digest}" if digest else f"{registry}/{repository}:{tag}"
    return images


def _digest(ecr: "ECRClient", repository: str, tag: str) -> str | None:
    """By an operation that whoever only reads may call."""
    try:
        found = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except (ecr.exceptions.ImageNotFoundException, ecr.exceptions.RepositoryNotFoundException):
        return None
    return found["imageDetails"][0]["imageDigest"]
