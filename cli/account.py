"""Opens the AWS account of a stack."""

import os
from dataclasses import dataclass, field
from typing import Any, cast

import boto3

from dev.errors import ActionableError
from infra.aws.naming import Naming
from infra.config.aws import AwsSettings
from infra.config.settings import check_settings, read_settings, setting


@dataclass(frozen=True)
class Account:
    """A stack, and a session for its account and region."""

    stack: str
    settings: AwsSettings
    session: boto3.Session
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def naming(self) -> Naming:
        """The names and tags of the stack's resources."""
        return Naming(self.stack, self.settings.expires)

    def client(self, service: str) -> Any:
        """Returns an untyped client, for code that takes the names of services and operations from a table."""
        if service not in self._clients:
            self._clients[service] = cast("Any", self.session).client(service)
        return self._clients[service]

    def arn(self, prefix: str) -> str:
        """Returns the ARNs' common prefix for the account and region, for example for `ec2:volume/`."""
        service, _, resource = prefix.partition(":")
        if service == "s3":
            return "arn:aws:s3:::"
        return f"arn:aws:{service}:{self.settings.region}:{self.settings.account}:{resource}"


def read_aws_settings(stack: str) -> AwsSettings:
    """Returns the AWS settings of a stack.

    Raises:
        ConfigError: If the stack's file is invalid.
        ActionableError: If the stack does not run on AWS.
    """
    settings = check_settings(stack, read_settings(stack)).aws
    if settings is None:
        raise ActionableError(f"{setting(stack)}: has no boutique:aws, so the stack {stack} does not run on AWS.")
    return settings


def open_session(region: str) -> boto3.Session:
    """Opens a session with the credentials that AWS' tools find by default."""
    if endpoint := os.environ.get("BOUTIQUE_AWS_ENDPOINT"):
        os.environ["AWS_ENDPOINT_URL"] = endpoint  # the name that boto3 reads
    return boto3.Session(region_name=region)


def open_account(stack: str) -> Account:
    """Opens the account that the stack's settings name.

    Raises:
        ConfigError: If the stack's file is invalid.
        ActionableError: If the stack does not run on AWS, or the credentials belong to another account.
    """
    settings = read_aws_settings(stack)
    session = open_session(settings.region)
    found = session.client("sts").get_caller_identity()["Account"]
    if found != settings.account:
        raise ActionableError(
            f"{setting(stack, 'aws', 'account')}: {settings.account!r}: the credentials belong to the account {found}. "
            f"Sign in to {settings.account}, or correct the setting. Nothing was changed."
        )
    return Account(stack, settings, session)
