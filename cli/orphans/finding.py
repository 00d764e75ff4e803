"""Finds the orphans of a stack in its AWS account and its Cloudflare zone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jmespath

from cli.account import Account
from cli.orphans.cloudflare import Zone
from cli.orphans.kinds import KEY_ARN, KINDS, Kind
from cli.orphans.ownership import Owner, Ownership, find_ownership


@dataclass(frozen=True)
class Orphan:
    """A resource of a stack.

    Args:
        why: How it was recognized as the stack's.
        kept_because: The reason not to remove it. Empty if it should be removed.
        remove: Removes it. None if only Pulumi removes resources of this kind.
    """

    kind: str
    id: str
    owner: Owner
    why: str
    kept_because: str = ""
    remove: Callable[[], object] | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The kind and the id, which identify it."""
        return self.kind, self.id


def find_orphans(account: Account) -> list[Orphan]:
    """Returns all orphans in the order in which they can be removed.

    Raises:
        ActionableError: If Cloudflare rejects the request.
    """
    ownership = find_ownership(account)
    found = [orphan for kind in KINDS for orphan in _of_kind(account, kind, ownership)]
    kept = [orphan.id for orphan in found if orphan.kept_because]
    return [*found, *_dns_records(account), *_keys(account, ownership, kept), *_others(account, ownership)]


def _of_kind(account: Account, kind: Kind, ownership: Ownership) -> Iterator[Orphan]:
    names, kept = (tuple(prefixes(account.naming, account.settings)) for prefixes in (kind.names, kind.kept))
    client = account.client(kind.service)
    for item in _list(client, kind):
        arn = item.get("arn") or account.arn(kind.arn) + item["id"]
        tags = {tag["Key"]: tag["Value"] for tag in item.get("tags") or []}
        name = item.get("name") or ""
        if claim := ownership.claim(arn, tags, item.get("network"), has_own_name=name.startswith(names)):
            is_kept = name.startswith(kept)
            yield Orphan(
                kind.title,
                item["id"],
                claim.owner,
                claim.why,
                "a final snapshot, kept on purpose" if is_kept else "",
                partial(kind.remove, client, item["id"]) if kind.remove and not is_kept else None,
            )


def _list(client: Any, kind: Kind) -> Iterator[Any]:
    if client.can_paginate(kind.operation):
        pages = client.get_paginator(kind.operation).paginate(**kind.arguments)
    else:
        pages = [getattr(client, kind.operation)(**kind.arguments)]
    for page in pages:
        yield from jmespath.search(kind.found, page) or []


def _keys(account: Account, ownership: Ownership, kept: Sequence[str]) -> Iterator[Orphan]:
    """Yields the keys, which are never removed here: data that is encrypted with a key is lost with it."""
    kms = account.session.client("kms")
    for arn in sorted(arn for arn in ownership.tagged if arn.startswith(account.arn(KEY_ARN))):
        if claim := ownership.claim(arn, {}, None, has_own_name=False):
            key = kms.describe_key(KeyId=arn)["KeyMetadata"]
            kept_because = ""
            if key["KeyState"] == "PendingDeletion":
                kept_because = f"AWS deletes it on {key['DeletionDate']:%Y-%m-%d}"
            elif snapshot := next((name for name in kept if name.endswith(f"-final-{key['KeyId'][:8]}")), None):
                kept_because = f"decrypts {snapshot}"
            yield Orphan("key", key["KeyId"], claim.owner, claim.why, kept_because)


def _others(account: Account, ownership: Ownership) -> Iterator[Orphan]:
    """Yields the tagged resources of any other kind. None of those costs money while it is not used."""
    listed = tuple(account.arn(arn) for arn in (*(kind.arn for kind in KINDS), KEY_ARN))
    for arn in sorted(arn for arn in ownership.tagged if not arn.startswith(listed)):
        if claim := ownership.claim(arn, {}, None, has_own_name=False):
            yield Orphan("other", arn, claim.owner, claim.why, "may be gone: AWS updates its index of tags late")


def _dns_records(account: Account) -> Iterator[Orphan]:
    zone = Zone(account.settings.dns)
    for record in zone.records(account.settings.region):
        name, target = f"{record.type} {record.name}", f"points to {record.content}"
        yield Orphan("DNS record", name, "stack", target, remove=partial(zone.remove, record))
