"""Finds the image of each service for a preview, without building or pushing any."""

from collections.abc import Mapping

from cli.account import Account, open_account
from cli.images import image_digest, write_image_list
from cli.stacks.account import has_credentials
from cli.stacks.opening import open_stack
from dev import images
from dev.progress import Progress
from dev.virtual_environment import ROOT


def write_versions(stack: str, *, running: bool) -> None:
    """Writes the images for a preview of a stack to build/images-STACK.json.

    Args:
        stack: The stack to preview.
        running: Assume the images that run now, whatever this revision's are.
    """
    if not has_credentials():
        print("There are no AWS credentials. A preview of an emulated account finds its images by itself.")
        return
    found = open_stack(stack).versions()
    if not running:
        with Progress() as progress:
            found = next_versions(open_account(stack), images.tags(ROOT, progress), found)
    write_image_list(stack, found)


def next_versions(account: Account, tags: Mapping[str, str], running: Mapping[str, str]) -> dict[str, str]:
    """Returns the images that a deployment of this revision would run, by service.

    An image that the registry has is named by digest. One that would be pushed first is named by tag.

    Args:
        account: The stack's account.
        tags: Tags of the images that are built from this revision, by service.
        running: Images that run now. Services that are built elsewhere keep theirs.
    """
    ecr = account.session.client("ecr")
    registry = f"{account.settings.account}.dkr.ecr.{account.settings.region}.amazonaws.com"
    found = dict(running)
    for service, tag in tags.items():
        repository = f"{account.naming.name()}/{service}"
        digest = image_digest(ecr, repository, tag)
        found[service] = f"{registry}/{repository}@{digest}" if digest else f"{registry}/{repository}:{tag}"
    return found
