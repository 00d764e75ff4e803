"""Checks of the settings that need AWS and Cloudflare, before anything is created.

All other checks of settings are in `infra.config`.
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

_ZONES_WITHOUT_EKS = ("cac1-az3", "use1-az3", "usw1-az2")
"""Ids of zones in which a cluster cannot have a subnet. Source: EKS user guide, "Subnet requirements for clusters"."""
_WRAPPING = re.compile(
    r"^(invoke of \S+ failed: |invocation of \S+ returned an error: |invoking \S+: |1 error occurred: \* )+"
)


class SettingPath(Protocol):
    """Names settings in messages."""

    def __call__(self, *path: str) -> str:
        """Returns the file and the key of a setting, by its path within `aws`."""


@dataclass(frozen=True)
class Providers:
    """The options of invokes, with the providers that also create the resources."""

    aws: pulumi.InvokeOptions
    cloudflare: pulumi.InvokeOptions


@dataclass(frozen=True)
class PreflightResult:
    """The results of the checks.

    Args:
        availability_zones: The names of the availability zones to use.
        zone: The name of the zone of dns.zoneId.
    """

    availability_zones: Sequence[str]
    zone: str


class _ProviderError(Exception):
    """A provider rejected a request. The message is its own, in one line."""


def preflight(stack: str, settings: AwsSettings, providers: Providers) -> PreflightResult:
    """Checks the settings against AWS and Cloudflare, and returns the zones to use.

    Raises:
        ConfigError: The message has a line for each error. If the account is wrong, it has only that.
    """
    where = functools.partial(setting, stack, "aws")
    _raise_any(_account(where, settings, providers))
    zones, errors = _zones(where, settings, providers)
    errors += _cluster_version(where, settings.cluster.version, providers)
    errors += _database(where, settings.database, providers)
    errors += _caches(where, settings.caches, providers)
    zone, wrong = _domain(where, settings.dns, providers)
    errors += wrong
    _raise_any(errors)
    return PreflightResult(zones, zone)


def _account(where: SettingPath, settings: AwsSettings, providers: Providers) -> list[str]:
    line = f"{where('account')}: {settings.account!r}"
    try:
        identity = _invoke(lambda: aws.get_caller_identity(opts=providers.aws))
    except _ProviderError as error:
        return [f"{line}: AWS rejects the credentials: sign in, for example with `aws sso login`: {error}"]
    if identity.account_id != settings.account:
        return [f"{line}: the credentials are for {identity.account_id}: sign in to the stack's account"]
    return []


def _zones(where: SettingPath, settings: AwsSettings, providers: Providers) -> tuple[list[str], list[str]]:
    """Returns names and errors. Includes zones that are down, so that an outage does not move subnets."""
    wanted = settings.network.zones
    try:
        found = _invoke(
            lambda: aws.get_availability_zones(
                filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
                exclude_zone_ids=_ZONES_WITHOUT_EKS,
                opts=providers.aws,
            )
        )
    except _ProviderError as error:
        return [], [f"{where('region')}: {settings.region!r}: AWS does not list its zones: {error}"]
    names = sorted(found.names)
    if len(names) < wanted:
        allowed = f"{settings.region} has {len(names)} for EKS ({', '.join(names)})"
        return names, [f"{where('network', 'zones')}: {wanted}: {allowed}: choose fewer, or another region"]
    return names[:wanted], []


def _cluster_version(where: SettingPath, version: str, providers: Providers) -> list[str]:
    line = f"{where('cluster', 'version')}: {version!r}"
    try:
        answer = _invoke(lambda: aws.eks.get_cluster_versions(version_status="STANDARD_SUPPORT", opts=providers.aws))
    except _ProviderError as error:
        return [f"{line}: EKS does not list its versions: {error}"]
    offered = sorted(
        (offer.cluster_version for offer in answer.cluster_versions), key=lambda text: [*map(int, text.split("."))]
    )
    return [] if version in offered else [f"{line}: must be one that EKS supports: {', '.join(offered)}"]


def _database(where: SettingPath, settings: DatabaseSettings, providers: Providers) -> list[str]:
    try:
        version = _invoke(
            lambda: aws.rds.get_engine_version(
                engine="postgres", version=settings.version, latest=True, opts=providers.aws
            )
        ).version_actual
    except _ProviderError as error:
        line = f"{where('database', 'version')}: {settings.version!r}"
        return [f"{line}: must be a version of Postgres that RDS offers: {error}"]
    line = f"{where('database', 'instanceClass')}: {settings.instance_class!r}"
    try:
        offer = _invoke(
            lambda: aws.rds.get_orderable_db_instance(
                engine="postgres",
                engine_version=version,
                instance_class=settings.instance_class,
                storage_type="gp3",
                opts=providers.aws,
            )
        )
    except _ProviderError as error:
        return [f"{line}: must be one that RDS offers with Postgres {version} and gp3, such as db.t4g.micro: {error}"]
    needs = {
        "standby": (settings.standby, offer.multi_az_capable),
        "readReplicas": (settings.read_replicas, offer.read_replica_capable),
        "insights": (True, offer.supports_performance_insights),
    }
    return [
        f"{line}: RDS does not offer it with database.{need}: choose another class"
        for need, (wanted, capable) in needs.items()
        if wanted and not capable
    ]


def _caches(where: SettingPath, settings: CachesSettings, providers: Providers) -> Iterator[str]:
    """Yields errors. The offers of reserved nodes are ElastiCache's only list of node types."""
    for name, cache in (("carts", settings.carts), ("sessions", settings.sessions)):
        try:
            _invoke(
                lambda node_type=cache.node_type: aws.elasticache.get_reserved_cache_node_offering(  # type: ignore[misc]
                    cache_node_type=node_type,
                    duration="P1Y",
                    offering_type="No Upfront",
                    product_description="valkey",
                    opts=providers.aws,
                )
            )
        except _ProviderError as error:
            line = f"{where('caches', name, 'nodeType')}: {cache.node_type!r}"
            yield f"{line}: must be one that ElastiCache offers with Valkey, such as cache.t4g.micro: {error}"


def _domain(where: SettingPath, settings: DnsSettings, providers: Providers) -> tuple[str, list[str]]:
    """Returns the zone's name, and errors."""
    line = f"{where('dns', 'zoneId')}: {settings.zone_id!r}"
    try:
        zone = _invoke(lambda: cloudflare.get_zone(zone_id=settings.zone_id, opts=providers.cloudflare))
    except _ProviderError as error:
        token = "CLOUDFLARE_API_TOKEN"  # noqa: S105 its name
        return "", [f"{line}: must be a zone that {token} may read: {error}"]
    errors = []
    if zone.status != "active":
        errors.append(f"{line}: the zone is {zone.status}: enter its name servers at the registrar first")
    if settings.domain != zone.name and not settings.domain.endswith(f".{zone.name}"):
        domain = f"{where('dns', 'domain')}: {settings.domain!r}"
        errors.append(f"{domain}: must be {zone.name} or end in .{zone.name}, the zone of dns.zoneId")
    if settings.domain != zone.name:
        errors += _shared_zone(line, zone.name, settings, providers)
    return zone.name, errors


def _shared_zone(line: str, name: str, settings: DnsSettings, providers: Providers) -> Iterator[str]:
    """Yields an error for each setting of a shared zone that differs from what a stack sets in its own zone."""
    for key, wanted in ZONE_SETTINGS.items():
        try:
            found = _invoke(
                lambda key=key: cloudflare.get_zone_setting(  # type: ignore[misc]
                    zone_id=settings.zone_id, setting_id=key, opts=providers.cloudflare
                )
            ).value
        except _ProviderError as error:
            yield f"{line}: Cloudflare does not return the zone's setting {key}: {error}"
            continue
        if found != wanted:
            yield f"{line}: the zone {name} has {key} {found!r}: it must be {wanted!r}, for all hosts in it"


def _invoke(invoke: Callable[[], Answer]) -> Answer:
    try:
        return invoke()
    except Exception as error:  # noqa: BLE001 the SDK raises nothing narrower
        raise _ProviderError(_WRAPPING.sub("", " ".join(str(error).split()))) from None


def _raise_any(errors: Sequence[str]) -> None:
    if errors:
        raise ConfigError("\n".join(errors))
