"""A stack in a real AWS account, with the account's credentials and state, and Pulumi's official plugins."""

import os
from dataclasses import dataclass
from functools import cached_property

import boto3

from cli.account import Account, open_account, read_aws_settings
from cli.images import image_list, images
from cli.stacks.engine import Backend, Stack
from cli.stacks.preparation import ensure_tools
from cli.teardown import teardown
from dev.errors import ActionableError
from dev.progress import Progress
from dev.toolchain import official_plugins_unreachable
from infra.aws.naming import STATE_KEY_ALIAS, state_bucket
from infra.config.settings import Settings

_REPOSITORIES = "--target=**boutique:aws:Registry$**"
"""Selects everything that the Registry component creates: images must exist before the workloads that run them."""


def has_credentials() -> bool:
    """Returns whether AWS credentials are found where every AWS tool looks for them."""
    return boto3.Session().get_credentials() is not None


@dataclass(frozen=True)
class AccountTarget:
    """Implements Target for a stack whose settings say `boutique:aws`."""

    name: str
    settings: Settings

    def up(self) -> list[str]:
        """Creates the image repositories, pushes the images, then creates everything else."""
        self._stack.up(_REPOSITORIES, "--target-dependents")
        self.images()
        self._stack.up()
        return list(self.settings.addresses().values())

    def preview(self) -> None:
        self._stack.preview("--diff")

    def plan(self, *, refresh: bool = False) -> str:
        return self._stack.plan(*(["--refresh"] if refresh else []))

    def refresh(self) -> None:
        self._stack.refresh()

    def images(self) -> None:
        images(self._account)

    def versions(self) -> dict[str, str]:
        return self._stack.versions()

    def down(self, *, confirmed: bool = False) -> int:
        return teardown(self._account, confirmed=confirmed, destroy=self._destroy)

    def _destroy(self) -> None:
        # The engine is needed only after the person has confirmed.
        self._stack.destroy()

    @cached_property
    def _account(self) -> Account:
        return open_account(self.name)

    @cached_property
    def _stack(self) -> Stack:
        settings = read_aws_settings(self.name)
        if not has_credentials():
            raise ActionableError(
                f"{self.name} runs in the AWS account {settings.account}, and no AWS credentials were found: sign in, "
                f"for example with `aws sso login`. Without an account, `boutique rehearse {self.name}` runs it here."
            )
        if not os.environ.get("CLOUDFLARE_API_TOKEN"):
            raise ActionableError(
                "CLOUDFLARE_API_TOKEN is not set: it must be a token that may edit the DNS records and settings of the "
                f"zone {settings.dns.domain}."
            )
        if reason := official_plugins_unreachable():
            raise ActionableError(
                f"A stack on AWS needs Pulumi's provider plugins, which cannot be downloaded: {reason}"
            )
        backend = Backend(
            url=f"s3://{state_bucket(settings.account, settings.region)}?region={settings.region}",
            variables={},
            secrets_provider=f"awskms://{STATE_KEY_ALIAS}?region={settings.region}",
        )
        # Raises if the credentials belong to another account.
        _ = self._account
        with Progress() as progress:
            toolbox = ensure_tools(progress)
        variables = {"BOUTIQUE_IMAGES": str(image_list(self.name))}
        return Stack(self.name, toolbox, [], variables, backend, policies=True)
