"""Credentials of stores: generated once, and read by services from Secrets Manager at run time."""

from dataclasses import dataclass

import pulumi
import pulumi_random as random
from pulumi_aws import kms, secretsmanager

from infra.aws.naming import Naming

_RECOVERY_DAYS = 30
_PASSWORD_LENGTH = 64


@dataclass(frozen=True)
class Credentials:
    """A password, as a Pulumi secret, and the ARN of its secret in AWS, known once that secret has a value."""

    password: pulumi.Output[str]
    secret_arn: pulumi.Output[str]


def create_credentials(
    name: str, naming: Naming, *, username: str, key: kms.Key, recoverable: bool, opts: pulumi.ResourceOptions
) -> Credentials:
    """Creates a secret whose JSON has "username" and "password".

    To change the password, replace the RandomPassword with this name.

    Args:
        recoverable: Whether the secret can be restored for a time after it is destroyed. Otherwise a new secret can
            have its name at once.
    """
    # Only letters and digits: RDS refuses / @ " and blanks, ElastiCache all but ! & # $ ^ < > -.
    password = random.RandomPassword(name, length=_PASSWORD_LENGTH, special=False, opts=opts).result
    secret = secretsmanager.Secret(
        name,
        name=naming.name(name),
        description=f"Logs in to {naming.name(name)}",
        kms_key_id=key.arn,
        recovery_window_in_days=_RECOVERY_DAYS if recoverable else 0,
        opts=opts,
    )
    version = secretsmanager.SecretVersion(
        name,
        secret_id=secret.id,
        secret_string=pulumi.Output.json_dumps({"username": username, "password": password}),
        opts=opts,
    )
    return Credentials(password=password, secret_arn=version.secret_arn)
