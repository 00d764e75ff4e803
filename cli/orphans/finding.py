"""Finds all that is left of a stack, in its account and in its zone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jmespath

from cli.account import Account
from cli.orphans.cloudflare import Zone
from cli.orphans.kinds import KINDS, Kind
from cli.orphans.ownership import Owner, Ownership, Tags, find_ownership

_KEY = "arn:aws:kms:{region}:{account}:key/{id}"


@dataclass(frozen=True)
class Leftover:
    """A thing that stands. `stays` says why nobody need remove it; without it, something is to be done.

    `remove` is None where it is not for the sweep to remove.
    """

    kind: str
    id: str
    owner: Owner
    why: str
    stays: str = ""
    remove: Callable[[], object] | None = None


def find(account: Account) -> list[Leftover]:
    """In the order in which they are removed. Raises ActionableError where Cloudflare refuses to tell."""
    ownership = find_ownership(account)
    found = [leftover for kind in KINDS for leftover in _of_kind(account, kind, ownership)]
    kept = [leftover.id for leftover in found if leftover.stays]
    return [*found, *_records(account), *_keys(account, ownership, kept), *_others(account, ownership)]


def _of_kind(account: Account, kind: Kind, ownership: Ownership) -> Iterator[Leftover]:
    names, kept = (tuple(of(account.naming, account.settings)) for of in (kind.names, kind.kept))
    for item in _list(account, kind):
        name = item.get("name") or ""
        claim = ownership.claim(_arn(account, kind, item), _tags(item), item.get("network"), named=_begins(name, names))
        if claim:
            stays = "a final snapshot, kept on purpose" if _begins(name, kept) else ""
            yield Leftover(
                kind.title, item["id"], claim.owner, claim.why, stays, None if stays else _remover(account, kind, item)
            )


def _begins(name: str, beginnings: tuple[str, ...]) -> bool:
    return name.startswith(beginnings)


def _list(account: Account, kind: Kind) -> Iterator[Any]:
    client = account.client(kind.service)
    if client.can_paginate(kind.operation):
        answers = client.get_paginator(kind.operation).paginate(**kind.arguments)
    else:
        answers = [getattr(client, kind.operation)(**kind.arguments)]
    for answer in answers:
        yield from jmespath.search(kind.found, answer) or []


def _arn(account: Account, kind: Kind, item: Any) -> str:
    return str(item.get("arn") or _begin(account, kind.arn) + item["id"])


def _begin(account: Account, arn: str) -> str:
    """All of an ARN but the id, which ends it."""
    return arn.format(region=account.settings.region, account=account.settings.account, id="")


def _tags(item: Any) -> Tags:
    return {tag["Key"]: tag["Value"] for tag in item.get("tags") or []}


def _remover(account: Account, kind: Kind, item: Any) -> Callable[[], object] | None:
    if (remove := kind.remove) is None:
        return None
    return lambda: remove(account, item["id"])


def _keys(account: Account, ownership: Ownership, kept: Sequence[str]) -> Iterator[Leftover]:
    """Told of and never touched: what is encrypted with a key that is gone is gone as well."""
    kms = account.session.client("kms")
    for arn in sorted(arn for arn in ownership.tagged if arn.startswith(_begin(account, _KEY))):
        if (claim := ownership.claim(arn, {}, None, named=False)) is None:
            continue
        key = kms.describe_key(KeyId=arn)["KeyMetadata"]
        stays = ""
        if key["KeyState"] == "PendingDeletion":
            stays = f"AWS deletes it on {key['DeletionDate']:%Y-%m-%d}"
        elif snapshot := next((name for name in kept if name.endswith(f"-final-{key['KeyId'][:8]}")), None):
            stays = f"opens {snapshot}"
        yield Leftover("key", key["KeyId"], claim.owner, claim.why, stays)


def _others(account: Account, ownership: Ownership) -> Iterator[Leftover]:
    """What has the stack's tags and is of no kind above: nothing that is paid for by the hour."""
    listed = tuple(_begin(account, arn) for arn in (*(kind.arn for kind in KINDS), _KEY))
    for arn in sorted(arn for arn in ownership.tagged if not arn.startswith(listed)):
        if claim := ownership.claim(arn, {}, None, named=False):
            yield Leftover("other", arn, claim.owner, claim.why, "gone already, perhaps: AWS' index of tags is late")


def _records(account: Account) -> Iterator[Leftover]:
    zone = Zone(account.settings.dns)
    for record in zone.records(account.settings.region):
        yield Leftover(
            "DNS record",
            f"{record.type} {record.name}",
            "stack",
            f"leads to {record.content}",
            remove=lambda record=record: zone.remove(record),  # type: ignore[misc] # bound as it is now
        )
