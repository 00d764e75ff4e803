"""What AWS and Cloudflare know better than a settings file: asked before anything is made.

All else that can be wrong with settings is found without asking, in `infra.config.aws`.
"""

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import pulumi
import pulumi_aws as aws

from boutique_definition.validation import ConfigError
from infra.aws import cloudflare
from infra.aws.dns import ZONE_SETTINGS
from infra.config.aws import AwsSettings, CachesSettings, DatabaseSettings, DnsSettings
from infra.config.settings import setting

Answer = TypeVar("Answer")

_WITHOUT_EKS = ("cac1-az3", "use1-az3", "usw1-az2")
"""Ids of zones in which a cluster can have no subnet. Source: EKS user guide, "Subnet requirements for clusters"."""
_WRAPPING = re.compile(
    r"^(invoke of \S+ failed: |invocation of \S+ returned an error: |invoking \S+: |1 error occurred: \* )+"
)


class Where(Protocol):
    """Words that find a setting of the stack by its path within `aws`."""

    def __call__(self, *path: str) -> str: ...


@dataclass(frozen=True)
class Clouds:
    """The providers that are asked: those that will also make everything."""

    aws: pulumi.InvokeOptions
    cloudflare: pulumi.InvokeOptions


@dataclass(frozen=True)
class Found:
    """The availability zones to use, as many as the settings ask for, and the name of the zone of dns.zoneId."""

    availability_zones: Sequence[str]
    zone: str


class _RefusedError(Exception):
    """A provider's own words, in one line."""


def preflight(stack: str, settings: AwsSettings, clouds: Clouds) -> Found:
    """Answers what the settings leave to AWS and Cloudflare to say.

    Raises ConfigError, with a line for each mistake; where the account is wrong with that alone.
    """
    where = functools.partial(setting, stack, "aws")
    _raise_any(_account(where, settings, clouds))
    zones, mistakes = _zones(where, settings, clouds)
    mistakes += _cluster_version(where, settings.cluster.version, clouds)
    mistakes += _database(where, settings.database, clouds)
    mistakes += _caches(where, settings.caches, clouds)
    zone, wrong = _domain(where, settings.dns, clouds)
    mistakes += wrong
    _raise_any(mistakes)
    return Found(zones, zone)


def _account(where: Where, settings: AwsSettings, clouds: Clouds) -> list[str]:
    line = f"{where('account')}: {settings.account!r}"
    try:
        identity = _ask(lambda: aws.get_caller_identity(opts=clouds.aws))
    except _RefusedError as refused:
        return [f"{line}: AWS takes no credentials for it: sign in, such as with `aws sso login`: {refused}"]
    if identity.account_id != settings.account:
        return [f"{line}: the credentials are of {identity.account_id}: sign in to the stack's account, or correct it"]
    return []


def _zones(where: Where, settings: AwsSettings, clouds: Clouds) -> tuple[list[str], list[str]]:
    """Names and mistakes. A zone counts whatever its state: in an outage, its subnets must not move elsewhere."""
    wanted = settings.network.zones
    try:
        found = _ask(
            lambda: aws.get_availability_zones(
                filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
                exclude_zone_ids=_WITHOUT_EKS,
                opts=clouds.aws,
            )
        )
    except _RefusedError as refused:
        return [], [f"{where('region')}: {settings.region!r}: AWS does not tell its zones: {refused}"]
    names = sorted(found.names)
    if len(names) < wanted:
        allowed = f"{settings.region} has {len(names)} for EKS ({', '.join(names)})"
        return names, [f"{where('network', 'zones')}: {wanted}: {allowed}: choose fewer, or another region"]
    return names[:wanted], []


def _cluster_version(where: Where, version: str, clouds: Clouds) -> list[str]:
    line = f"{where('cluster', 'version')}: {version!r}"
    try:
        answer = _ask(lambda: aws.eks.get_cluster_versions(version_status="STANDARD_SUPPORT", opts=clouds.aws))
    except _RefusedError as refused:
        return [f"{line}: EKS does not tell its versions: {refused}"]
    offered = sorted(
        (offer.cluster_version for offer in answer.cluster_versions), key=lambda text: [*map(int, text.split("."))]
    )
    return [] if version in offered else [f"{line}: must be one that EKS supports: {', '.join(offered)}"]


def _database(where: Where, settings: DatabaseSettings, clouds: Clouds) -> list[str]:
    try:
        version = _ask(
            lambda: aws.rds.get_engine_version(
                engine="postgres", version=settings.version, latest=True, opts=clouds.aws
            )
        ).version_actual
    except _RefusedError as refused:
        line = f"{where('database', 'version')}: {settings.version!r}"
        return [f"{line}: must be a Postgres that RDS offers, which this is not: {refused}"]
    line = f"{where('database', 'instanceClass')}: {settings.instance_class!r}"
    try:
        offer = _ask(
            lambda: aws.rds.get_orderable_db_instance(
                engine="postgres",
                engine_version=version,
                instance_class=settings.instance_class,
                storage_type="gp3",
                opts=clouds.aws,
            )
        )
    except _RefusedError as refused:
        return [f"{line}: must be one that RDS offers with Postgres {version} and gp3, such as db.t4g.micro: {refused}"]
    needs = {
        "standby": (settings.standby, offer.multi_az_capable),
        "readReplicas": (settings.read_replicas, offer.read_replica_capable),
        "insights": (True, offer.supports_performance_insights),
    }
    return [
        f"{line}: RDS offers it without what database.{need} needs: choose another class"
        for need, (wanted, capable) in needs.items()
        if wanted and not capable
    ]


def _caches(where: Where, settings: CachesSettings, clouds: Clouds) -> Iterator[str]:
    """By what can be reserved: ElastiCache has no other list of its node types."""
    for name, cache in (("carts", settings.carts), ("sessions", settings.sessions)):
        try:
            _ask(
                lambda node_type=cache.node_type: aws.elasticache.get_reserved_cache_node_offering(  # type: ignore[misc]
                    cache_node_type=node_type,
                    duration="P1Y",
                    offering_type="No Upfront",
                    product_description="valkey",
                    opts=clouds.aws,
                )
            )
        except _RefusedError as refused:
            line = f"{where('caches', name, 'nodeType')}: {cache.node_type!r}"
            yield f"{line}: must be one that ElastiCache offers with Valkey, such as cache.t4g.micro: {refused}"


def _domain(where: Where, settings: DnsSettings, clouds: Clouds) -> tuple[str, list[str]]:
    """The zone's name, and mistakes."""
    line = f"{where('dns', 'zoneId')}: {settings.zone_id!r}"
    try:
        zone = _ask(lambda: cloudflare.get_zone(zone_id=settings.zone_id, opts=clouds.cloudflare))
    except _RefusedError as refused:
        token = "CLOUDFLARE_API_TOKEN"  # noqa: S105 its name
        return "", [f"{line}: must be a zone of the account that {token} is for, which may read it: {refused}"]
    mistakes = []
    if zone.status != "active":
        mistakes.append(f"{line}: the zone is {zone.status}: give its name servers to the registrar first")
    if settings.domain != zone.name and not settings.domain.endswith(f".{zone.name}"):
        domain = f"{where('dns', 'domain')}: {settings.domain!r}"
        mistakes.append(f"{domain}: must be {zone.name} or end in .{zone.name}, the zone of dns.zoneId")
    if settings.domain != zone.name:
        mistakes += _shared_zone(line, zone.name, settings, clouds)
    return zone.name, mistakes


def _shared_zone(line: str, name: str, settings: DnsSettings, clouds: Clouds) -> Iterator[str]:
    """What a stack sets in a zone of its own must be so in one that it shares: else shoppers meet a closed port 80, or
    Cloudflare a load balancer whose certificate it does not verify."""
    for key, wanted in ZONE_SETTINGS.items():
        try:
            found = _ask(
                lambda key=key: cloudflare.get_zone_setting(  # type: ignore[misc]
                    zone_id=settings.zone_id, setting_id=key, opts=clouds.cloudflare
                )
            ).value
        except _RefusedError as refused:
            yield f"{line}: Cloudflare does not tell the zone's setting {key}: {refused}"
            continue
        if found != wanted:
            yield f"{line}: the zone {name} has {key} {found!r}: it must be {wanted!r}, for all hosts in it"


def _ask(question: Callable[[], Answer]) -> Answer:
    try:
        return question()
    except Exception as error:  # noqa: BLE001 the SDK raises nothing narrower
        raise _RefusedError(_WRAPPING.sub("", " ".join(str(error).split()))) from None


def _raise_any(mistakes: Sequence[str]) -> None:
    if mistakes:
        raise ConfigError("\n".join(mistakes))
