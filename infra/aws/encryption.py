"""KMS keys: one for each resource with data, so that access to one does not give access to another."""

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
    """Creates a key that rotates each year, and an alias with the name.

    Args:
        policy: The key policy. By default the IAM policies of the account decide who may use the key.
        protect: Whether Pulumi refuses to delete the key.
        keep: Whether the key stays in the account when it is destroyed, for what remains encrypted with it.
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
    """Returns the name of a store's final snapshot, which contains a part of the id of its key.

    A later store with the same name has another key, and so can leave a final snapshot as well.
    """
    return key.key_id.apply(lambda key_id: naming.name(name, "final", key_id[:8]))
