"""Keys of KMS: one for each thing that holds data, so that who may read one cannot read another."""

import pulumi
from pulumi_aws import kms

from infra.aws.naming import Naming

_DELETION_DAYS = 7


def create_key(
    name: str,
    naming: Naming,
    *,
    policy: pulumi.Input[str] | None = None,
    protect: bool = False,
    keep: bool = False,
    opts: pulumi.ResourceOptions,
) -> kms.Key:
    """A key that rotates each year, with an alias of the name; by default the account's own policies rule its use.

    `keep` leaves it in the account when it is destroyed, for what is left behind encrypted with it.
    """
    key = kms.Key(
        name,
        description=f"Encrypts {naming.name(name)}",
        enable_key_rotation=True,
        deletion_window_in_days=_DELETION_DAYS,
        policy=policy,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=protect, retain_on_delete=keep)),
    )
    kms.Alias(name, name=f"alias/{naming.name(name)}", target_key_id=key.key_id, opts=opts)
    return key


def final_snapshot_name(name: str, naming: Naming, key: kms.Key) -> pulumi.Output[str]:
    """Names the last snapshot of a store after the key that it is encrypted with.

    So a later store of the same name, which has another key, can leave one of its own.
    """
    return key.key_id.apply(lambda key_id: naming.name(name, "final", key_id[:8]))
