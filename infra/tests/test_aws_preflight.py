"""Preflight asks AWS and Cloudflare before anything is created, and reports what does not fit."""

from collections.abc import Mapping
from typing import Any

import grpc
import pulumi
import pulumi_aws as aws
import pytest
from pulumi.runtime import mocks

from boutique_definition.validation import ConfigError
from infra.aws import cloudflare
from infra.aws.preflight import Providers, preflight
from infra.tests.conftest import aws_settings

IDENTITY = "aws:index/getCallerIdentity:getCallerIdentity"
ZONES = "aws:index/getAvailabilityZones:getAvailabilityZones"
VERSIONS = "aws:eks/getClusterVersions:getClusterVersions"
POSTGRES = "aws:rds/getEngineVersion:getEngineVersion"
INSTANCE = "aws:rds/getOrderableDbInstance:getOrderableDbInstance"
NODE = "aws:elasticache/getReservedCacheNodeOffering:getReservedCacheNodeOffering"
DOMAIN = "cloudflare:index/getZone:getZone"

ZONE_SETTING = "cloudflare:index/getZoneSetting:getZoneSetting"
GOOD: Mapping[str, dict[str, Any]] = {
    IDENTITY: {"accountId": "123456789012"},
    ZONES: {"names": ["eu-central-1c", "eu-central-1a", "eu-central-1b"]},
    VERSIONS: {"clusterVersions": [{"clusterVersion": version} for version in ("1.34", "1.35", "1.33")]},
    POSTGRES: {"versionActual": "17.6"},
    INSTANCE: {"multiAzCapable": True, "readReplicaCapable": True, "supportsPerformanceInsights": True},
    NODE: {"offeringId": "offering-1"},
    DOMAIN: {"name": "example.com", "status": "active"},
    f"{ZONE_SETTING}:ssl": {"value": "strict"},
    f"{ZONE_SETTING}:always_use_https": {"value": "on"},
    f"{ZONE_SETTING}:min_tls_version": {"value": "1.2"},
}


class AnswerError(grpc.RpcError):
    """A provider's error, as the engine passes it on."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return self._words


class FakeProviders(mocks.Mocks):
    """Returns the given answers to invokes. An answer that is text is an error."""

    def __init__(self, answers: Mapping[str, dict[str, Any] | str]) -> None:
        self._answers = answers
        self.asked: list[mocks.MockCallArgs] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return f"{args.name}-id", args.inputs

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
        self.asked.append(args)
        answer = self._answers[":".join([args.token, *filter(None, [args.args.get("settingId")])])]
        if isinstance(answer, str):
            raise AnswerError(answer)
        return answer, []


def ask(stack: str, answers: Mapping[str, dict[str, Any] | str] = GOOD) -> tuple[list[str], list[mocks.MockCallArgs]]:
    """Returns the chosen zones, and what was asked."""
    fakes = FakeProviders({**GOOD, **answers})
    mocks.set_mocks(fakes, "boutique", stack, preview=True)
    zones: list[str] = []

    def program() -> None:
        providers = Providers(
            aws=pulumi.InvokeOptions(provider=aws.Provider("aws", region="eu-central-1")),
            cloudflare=pulumi.InvokeOptions(provider=cloudflare.Provider("cloudflare")),
        )
        zones.extend(preflight(stack, aws_settings(stack), providers).availability_zones)

    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
    return zones, fakes.asked


def errors(stack: str, answers: Mapping[str, dict[str, Any] | str]) -> list[str]:
    """Returns the lines of the error, without the file that each must name."""
    with pytest.raises(ConfigError) as caught:
        ask(stack, answers)
    file = f"stacks/Pulumi.{stack}.yaml: boutique:aws."
    lines = str(caught.value).splitlines()
    assert all(line.startswith(file) for line in lines)
    return [line.removeprefix(file) for line in lines]


def test_the_configured_number_of_zones_is_chosen_in_a_stable_order() -> None:
    assert ask("prod")[0] == ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
    assert ask("demo")[0] == ["eu-central-1a", "eu-central-1b"]


def test_invokes_use_the_providers_that_create_the_resources() -> None:
    _, asked = ask("prod")
    assert {call.token: call.provider.rpartition("::")[2] for call in asked} == {
        IDENTITY: "aws-id",
        ZONES: "aws-id",
        VERSIONS: "aws-id",
        POSTGRES: "aws-id",
        INSTANCE: "aws-id",
        NODE: "aws-id",
        DOMAIN: "cloudflare-id",
    }


def test_the_values_in_the_settings_are_looked_up() -> None:
    _, asked = ask("prod")
    arguments = {call.token: call.args for call in asked}

    # A filter by state would move subnets to other zones in an outage.
    assert "state" not in arguments[ZONES]
    assert "use1-az3" in arguments[ZONES]["excludeZoneIds"]
    assert arguments[POSTGRES] == {"engine": "postgres", "version": "17", "latest": True}
    assert arguments[INSTANCE] == {
        "engine": "postgres",
        "engineVersion": "17.6",
        "instanceClass": "db.m7g.large",
        "storageType": "gp3",
    }
    assert arguments[NODE]["cacheNodeType"] == "cache.m7g.large"
    assert arguments[NODE]["productDescription"] == "valkey"
    assert arguments[DOMAIN] == {"zoneId": "023e105f4ecef8ad9ca31a8372d0c353"}


def test_credentials_for_another_account_are_refused_before_any_other_check() -> None:
    assert errors("dev", {IDENTITY: {"accountId": "999999999999"}, ZONES: "would be asked"}) == [
        ("account: '123456789012': the credentials are for 999999999999: sign in to the stack's account")
    ]


def test_missing_or_wrong_credentials_are_reported_with_the_providers_message() -> None:
    wrapped = (
        f"invocation of {IDENTITY} returned an error: invoking {IDENTITY}: 1 error occurred:\n"
        "\t* reading STS Caller Identity: InvalidClientTokenId: The security token is invalid.\n\n"
    )
    assert errors("dev", {IDENTITY: wrapped}) == [
        (
            "account: '123456789012': AWS rejects the credentials: sign in, for "
            "example with `aws sso login`: reading STS Caller Identity: "
            "InvalidClientTokenId: The security token is invalid."
        )
    ]


def test_a_region_with_too_few_zones_is_reported_with_its_zones() -> None:
    assert errors("prod", {ZONES: {"names": ["us-west-1c", "us-west-1a"]}}) == [
        ("network.zones: 3: eu-central-1 has 2 for EKS (us-west-1a, us-west-1c): choose fewer, or another region")
    ]


def test_a_version_that_eks_does_not_offer_is_reported_with_the_offered_ones() -> None:
    offered = {"clusterVersions": [{"clusterVersion": version} for version in ("1.100", "1.36", "1.35")]}
    assert errors("dev", {VERSIONS: offered}) == [
        "cluster.version: '1.34': must be one that EKS supports: 1.35, 1.36, 1.100"
    ]


def test_a_postgres_that_rds_does_not_offer_is_reported() -> None:
    assert errors("dev", {POSTGRES: "no RDS engine versions match the criteria"}) == [
        (
            "database.version: '17': must be a version of Postgres that RDS offers: "
            "no RDS engine versions match the criteria"
        )
    ]


def test_an_instance_class_that_does_not_exist_is_reported() -> None:
    assert errors("dev", {INSTANCE: "no RDS DB Instance Classes match the criteria"}) == [
        (
            "database.instanceClass: 'db.t4g.micro': must be one that RDS offers with "
            "Postgres 17.6 and gp3, such as db.t4g.micro: no RDS DB Instance Classes match the criteria"
        )
    ]


@pytest.mark.parametrize(
    ("capability", "need"),
    [
        ("multiAzCapable", "standby"),
        ("readReplicaCapable", "readReplicas"),
        ("supportsPerformanceInsights", "insights"),
    ],
)
def test_an_instance_class_without_a_required_capability_is_reported(capability: str, need: str) -> None:
    assert errors("prod", {INSTANCE: {**GOOD[INSTANCE], capability: False}}) == [
        (f"database.instanceClass: 'db.m7g.large': RDS does not offer it with database.{need}: choose another class")
    ]


def test_an_instance_class_needs_only_the_capabilities_that_the_settings_use() -> None:
    zones, _ = ask("demo", {INSTANCE: {**GOOD[INSTANCE], "multiAzCapable": False, "readReplicaCapable": False}})
    assert zones


def test_a_node_type_that_does_not_exist_is_reported_for_each_cache() -> None:
    assert errors("staging", {NODE: "couldn't find resource"}) == [
        f"caches.{cache}.nodeType: '{node_type}': must be one that "
        "ElastiCache offers with Valkey, such as cache.t4g.micro: couldn't find resource"
        for cache, node_type in (("carts", "cache.t4g.small"), ("sessions", "cache.t4g.micro"))
    ]


def test_an_unknown_zone_is_reported() -> None:
    assert errors("dev", {DOMAIN: "404 Not Found: Invalid zone identifier"}) == [
        (
            "dns.zoneId: '023e105f4ecef8ad9ca31a8372d0c353': must be a zone that "
            "CLOUDFLARE_API_TOKEN may read: 404 Not Found: Invalid zone identifier"
        )
    ]


@pytest.mark.parametrize("name", ["example.org", "ample.com", "shop.dev.example.com"])
def test_a_domain_outside_of_the_zone_is_reported(name: str) -> None:
    assert errors("dev", {DOMAIN: {"name": name, "status": "active"}}) == [
        f"dns.domain: 'dev.example.com': must be {name} or end in .{name}, the zone of dns.zoneId"
    ]


@pytest.mark.parametrize("name", ["example.com", "dev.example.com"])
def test_a_domain_may_be_the_zone_or_within_it(name: str) -> None:
    assert ask("dev", {DOMAIN: {"name": name, "status": "active"}})[0]


def test_a_shared_zone_must_already_have_the_required_settings() -> None:
    lax: dict[str, dict[str, Any] | str] = {
        f"{ZONE_SETTING}:ssl": {"value": "flexible"},
        f"{ZONE_SETTING}:always_use_https": "403 Forbidden",
    }
    zone = "dns.zoneId: '023e105f4ecef8ad9ca31a8372d0c353'"
    assert errors("dev", lax) == [
        f"{zone}: the zone example.com has ssl 'flexible': it must be 'strict', for all hosts in it",
        f"{zone}: Cloudflare does not return the zone's setting always_use_https: 403 Forbidden",
    ]
    assert ask("dev", {**lax, DOMAIN: {"name": "dev.example.com", "status": "active"}})[0]


def test_a_pending_zone_is_reported() -> None:
    assert errors("dev", {DOMAIN: {"name": "example.com", "status": "pending"}}) == [
        (
            "dns.zoneId: '023e105f4ecef8ad9ca31a8372d0c353': the zone is pending: "
            "enter its name servers at the registrar first"
        )
    ]


def test_all_errors_are_reported_at_once() -> None:
    lines = errors(
        "prod", {ZONES: {"names": []}, VERSIONS: {"clusterVersions": []}, INSTANCE: "no", NODE: "no", DOMAIN: "no"}
    )
    assert [line.partition(":")[0] for line in lines] == [
        "network.zones",
        "cluster.version",
        "database.instanceClass",
        "caches.carts.nodeType",
        "caches.sessions.nodeType",
        "dns.zoneId",
    ]


@pytest.mark.parametrize(("token", "key"), [(ZONES, "region"), (VERSIONS, "cluster.version")])
def test_a_rejected_request_names_the_setting_that_it_was_for(token: str, key: str) -> None:
    (line,) = errors("dev", {token: "AccessDenied: not authorized"})
    assert line.startswith(f"{key}: ")
    assert line.endswith(": AccessDenied: not authorized")
