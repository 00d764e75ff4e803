"""The stacks on AWS in a real account: its credentials, its state, and Pulumi's own plugins."""

import os
import subprocess
from pathlib import Path

import boto3

from cli import preparation
from cli.engine import Backend, Stack
from dev.errors import ActionableError
from dev.progress import Progress
from dev.toolchain import official_plugins_unreachable
from dev.virtual_environment import PYTHON, ROOT
from infra.aws.naming import STATE_KEY_ALIAS, state_bucket
from infra.config.settings import check_settings, read_settings

_REPOSITORIES = "--target=**boutique:aws:Registry$**"
"""All that the component has made: images have to be there before what runs them."""


def has_credentials() -> bool:
    """Whether there are any, by the ways in which every tool of AWS looks for them."""
    return boto3.Session().get_credentials() is not None


def up(stack: str) -> list[str]:
    """The repositories, then the images that go there, then all else; answers the shop's addresses."""
    ready = _open(stack)
    ready.up(_REPOSITORIES, "--target-dependents")
    push_images(stack)
    ready.up()
    return ready.addresses()


def push_images(stack: str) -> None:
    """To the stack's registry, by the operator's command."""
    _operate("images", stack)


def preview(stack: str) -> None:
    _open(stack).preview("--diff")


def plan(stack: str) -> str:
    return _open(stack).plan()


def difference(stack: str) -> str:
    """The plan that mends what was changed behind Pulumi's back. Nothing is written, neither there nor to the state."""
    return _open(stack).plan("--refresh")


def refresh(stack: str) -> None:
    _open(stack).refresh()


def versions(stack: str) -> dict[str, str]:
    """The image of each service that runs there."""
    return _open(stack).versions()


def down(stack: str) -> None:
    """By the operator's command, which knows what may not be deleted and finds what is left."""
    _operate("teardown", stack)


def destroy(stack: str) -> None:
    """What that command asks for."""
    _open(stack).destroy()


def _open(stack: str) -> Stack:
    settings = check_settings(stack, read_settings(stack)).aws
    if settings is None:
        raise ActionableError(f"{stack} is no stack on AWS.")
    if not has_credentials():
        raise ActionableError(
            f"{stack} is made in the AWS account {settings.account}, and no credentials of AWS are found: sign in, "
            f"such as with `aws sso login`. Without an account, `make rehearse STACK={stack}` runs it on this machine."
        )
    if not os.environ.get("CLOUDFLARE_API_TOKEN"):
        raise ActionableError(
            f"CLOUDFLARE_API_TOKEN is not set: a token that may edit DNS and settings of {settings.dns.domain}'s zone."
        )
    if refused := official_plugins_unreachable():
        raise ActionableError(f"An account takes Pulumi's own provider plugins, which cannot be downloaded: {refused}")
    backend = Backend(
        url=f"s3://{state_bucket(settings.account, settings.region)}?region={settings.region}",
        variables={},
        secrets_provider=f"awskms://{STATE_KEY_ALIAS}?region={settings.region}",
    )
    with Progress() as progress:
        toolbox = preparation.ensure_tools(progress)
    return Stack(stack, toolbox, [], {"BOUTIQUE_IMAGES": str(_image_list(stack))}, backend, policies=True)


def _image_list(stack: str) -> Path:
    """Where `make images` has written what it pushed for the stack."""
    return ROOT / "build" / f"images-{stack}.json"


def _operate(command: str, stack: str) -> None:
    outcome = subprocess.run([PYTHON, "-m", "ops", command, stack], check=False, cwd=ROOT)
    if outcome.returncode != 0:
        raise ActionableError(f"`{command}` of {stack} did not complete.")
