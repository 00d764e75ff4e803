"""The AWS account of a stack: opened only where the credentials are of the account that the stack's settings name."""

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
    """A stack, and a session of its account and region."""

    stack: str
    settings: AwsSettings
    session: boto3.Session
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def naming(self) -> Naming:
        return Naming(self.stack, self.settings.expires)

    def client(self, service: str) -> Any:
        """For operations that a table names; where the service is known, `session.client` has its types."""
        if service not in self._clients:
            self._clients[service] = cast("Any", self.session).client(service)
        return self._clients[service]


def read_aws_settings(stack: str) -> AwsSettings:
    """Raises ConfigError where the stack's file is wrong, ActionableError where the stack is not on AWS."""
    settings = check_settings(stack, read_settings(stack)).aws
    if settings is None:
        raise ActionableError(f"{setting(stack)}: sets no boutique:aws: {stack} is no stack on AWS.")
    return settings


def open_session(region: str) -> boto3.Session:
    """With the credentials that every tool of AWS would find."""
    if endpoint := os.environ.get("BOUTIQUE_AWS_ENDPOINT"):
        os.environ["AWS_ENDPOINT_URL"] = endpoint  # by this name boto3 knows it
    return boto3.Session(region_name=region)


def open_account(stack: str) -> Account:
    """Raises ActionableError, naming both accounts, where the credentials are of another than the stack's."""
    settings = read_aws_settings(stack)
    session = open_session(settings.region)
    found = session.client("sts").get_caller_identity()["Account"]
    if found != settings.account:
        raise ActionableError(
            f"{setting(stack, 'aws', 'account')}: {settings.account!r}: these credentials are of the account {found}. "
            f"Sign in to {settings.account}, or correct the setting; nothing was touched."
        )
    return Account(stack, settings, session)
