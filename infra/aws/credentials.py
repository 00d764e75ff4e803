"""What a store is logged in to with: drawn once, seen by no one, read by services from Secrets Manager at run time."""

from dataclasses import dataclass

import pulumi
import pulumi_random as random
from pulumi_aws import kms, secretsmanager

from infra.aws.naming import Naming

_RECOVERY_DAYS = 30
_PASSWORD_LENGTH = 64


@dataclass(frozen=True)
class Credentials:
    """`password` is a Pulumi secret; `secret_arn` is known once the secret has its value."""

    password: pulumi.Output[str]
    secret_arn: pulumi.Output[str]


def create_credentials(
    name: str, naming: Naming, *, username: str, key: kms.Key, recoverable: bool, opts: pulumi.ResourceOptions
) -> Credentials:
    """A secret whose JSON has "username" and "password".

    Where it is not `recoverable`, it is gone with the stack, so that the next one may have its name. A new password is
    drawn by replacing the RandomPassword of this name.
    """
    # Letters and digits alone: RDS refuses / @ " and blanks, ElastiCache all but ! & # $ ^ < > -.
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
