"""Tests that the emulated aws plugin covers everything that the program creates in each stack on AWS."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pulumi
import pytest
from pulumi.runtime import mocks

from boutique_definition.service_file import load_service_files
from boutique_offline.plugins.aws import types
from boutique_offline.plugins.aws.api import Api
from boutique_offline.plugins.aws.calls import Resource
from boutique_offline.plugins.aws.resources import Resources
from boutique_offline.plugins.eks.cluster import Cluster
from boutique_offline.plugins.properties import Asset, decode, encode, reveal
from infra.aws.aws_platform import AwsPlatformArgs, create_aws_platform
from infra.config.aws import AwsSettings
from infra.config.settings import check_settings, read_settings
from offline.tests.plugins.aws_account import ROOT

_COMPUTED: Final[Mapping[str, Mapping[str, Any]]] = {
    "aws:eks/cluster:Cluster": {"vpcConfig": {"clusterSecurityGroupId": "sg-1", "subnetIds": []}, "endpoint": "e"},
    "eks:index:Cluster": {"clusterSecurityGroupId": "sg-1", "kubeconfigJson": "{}"},
}


class _Answers(mocks.Mocks):
    """Records the created resources, and responds to the calls of the preflight checks."""

    def __init__(self, settings: AwsSettings) -> None:
        self.created: list[mocks.MockResourceArgs] = []
        self._settings = settings

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.created.append(args)
        outputs: dict[str, Any] = {
            "arn": f"arn:aws:x:::{args.name}",
            "id": args.name,
            "keyId": args.name,
            "secretArn": args.name,
        }
        outputs |= {"endpoint": "h:1", "primaryEndpointAddress": "h", "readerEndpointAddress": "h", "result": "drawn"}
        outputs |= {"arnSuffix": args.name, "dnsName": args.name, "allocationId": args.name, "repositoryUrl": args.name}
        outputs["domainValidationOptions"] = _records(args.inputs)
        return args.name, {**outputs, **args.inputs, **_COMPUTED.get(args.typ, {})}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        settings = self._settings
        responses: dict[str, dict[str, Any]] = {
            "getCallerIdentity": {"accountId": settings.account},
            "getAvailabilityZones": {"names": ["a", "b", "c"]},
            "getClusterVersions": {"clusterVersions": [{"clusterVersion": settings.cluster.version}]},
            "getEngineVersion": {"versionActual": "17.6"},
            "getOrderableDbInstance": dict.fromkeys(
                ("multiAzCapable", "readReplicaCapable", "supportsPerformanceInsights"), True
            ),
            "getReservedCacheNodeOffering": {},
            "getZone": {"status": "active", "name": settings.dns.domain},
            "getIpRanges": {"ipv4Cidrs": ["173.245.48.0/20"]},
        }
        return responses[args.token.rpartition(":")[2]], []


def _records(certificate: dict[str, Any]) -> list[dict[str, str]]:
    hosts = [certificate.get("domainName", ""), *certificate.get("subjectAlternativeNames", [])]
    names = ("resourceRecordName", "resourceRecordType", "resourceRecordValue")
    return [{"domainName": host, **dict.fromkeys(names, "x.")} for host in hosts]


@pytest.fixture(autouse=True)
def event_loop_of_pulumi() -> Iterator[None]:
    """Sets the thread's event loop, which Pulumi uses."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.close()
    asyncio.set_event_loop(None)


@pytest.fixture(scope="module")
def resources() -> Resources:
    """Returns resources without an account, which checks do not need."""
    return Resources(Api("http://127.0.0.1:1", "eu-central-1"), "123456789012", {})


@pytest.mark.parametrize("stack", ["demo", "dev", "staging", "prod"])
def test_every_property_that_a_stack_sets_is_covered(
    stack: str, resources: Resources, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = check_settings(stack, read_settings(stack)).platform
    assert isinstance(settings, AwsSettings)
    (tmp_path / "kubeconfig").write_text("kind: Config")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    responses = _Answers(settings)
    mocks.set_mocks(responses, "boutique", stack)
    args = AwsPlatformArgs(stack, settings, "shop", load_service_files(ROOT / "services"))
    pulumi.runtime.test(lambda: create_aws_platform(args))()  # type: ignore[no-untyped-call]
    [cluster] = [created for created in responses.created if created.typ == "eks:index:Cluster"]
    # The mocks do not show the children of a remote component.
    pulumi.runtime.test(lambda: Cluster(cluster.name, cluster.inputs, None))()  # type: ignore[no-untyped-call]

    aws_resources = [created for created in responses.created if created.typ.startswith("aws:")]
    assert len(aws_resources) > 100
    for created in aws_resources:
        resources.check(Resource(created.typ, types.find(created.typ), created.name), {}, _plain(created.inputs), b"")


def _plain(inputs: dict[str, Any]) -> dict[str, Any]:
    """Returns inputs as the plugin receives them: mocks keep secrets in the wire format, but not files."""
    files = {name: Asset("1", text="") for name, value in inputs.items() if isinstance(value, pulumi.Asset)}
    revealed: dict[str, Any] = reveal(decode(encode({**inputs, **files})))
    return revealed
