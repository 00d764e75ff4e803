"""The program's resource graph under Pulumi's mocks, without an engine or a cluster."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, rpc

from infra.aws.placement import Placement
from infra.config.aws import AwsSettings
from infra.config.settings import check_settings, read_settings

ROOT = Path(__file__).parent.parent.parent

_COMPUTED: Mapping[str, Sequence[str]] = {
    "aws:elasticache/replicationGroup:ReplicationGroup": ("primaryEndpointAddress", "readerEndpointAddress"),
    "aws:kms/key:Key": ("keyId",),
    "aws:lb/loadBalancer:LoadBalancer": ("arnSuffix", "dnsName"),
    "aws:lb/targetGroup:TargetGroup": ("arnSuffix",),
    "aws:rds/instance:Instance": ("endpoint",),
    "aws:secretsmanager/secretVersion:SecretVersion": ("secretArn",),
    "eks:index:Cluster": ("clusterSecurityGroupId", "kubeconfigJson"),
    "random:index/randomPassword:RandomPassword": ("result",),
}
"""The outputs that providers add to a resource's inputs, by type: here `<name>.<output>`. AWS adds an ARN to each."""

AWS_STACKS = ("demo", "dev", "staging", "prod")
PLACEMENT = Placement(vpc_id="vpc-1", subnets=["subnet-a", "subnet-b"], clients="sg-cluster")


def aws_settings(stack: str) -> AwsSettings:
    """Returns the settings of a stack's own file."""
    settings = check_settings(stack, read_settings(stack)).aws
    assert settings
    return settings


def revealed(value: Any) -> Any:
    """Returns the value of a serialized Pulumi secret. Fails for a value that is not a secret."""
    assert rpc.is_rpc_secret(value)
    return rpc.unwrap_rpc_secret(value)


@dataclass
class Graph:
    """The resources that a program registered, in no particular order.

    Args:
        protected: The type tokens and names of protected resources.
        retained: The type tokens and names of resources that a destroy keeps.
        waits_for: The names of a resource's dependencies, by its type token and name.
    """

    resources: list[mocks.MockResourceArgs] = field(default_factory=list)
    protected: set[tuple[str, str]] = field(default_factory=set)
    retained: set[tuple[str, str]] = field(default_factory=set)
    waits_for: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def of_kind(self, kind: str) -> dict[str, dict[str, Any]]:
        """Returns inputs by object name, for a Kubernetes kind such as `Deployment`."""
        return {
            resource.inputs["metadata"]["name"]: resource.inputs
            for resource in self.resources
            if resource.typ.startswith("kubernetes:") and resource.typ.endswith(f":{kind}")
        }

    def of_type(self, token: str) -> dict[str, dict[str, Any]]:
        """Returns inputs by resource name, for a type token such as `kubernetes:helm.sh/v4:Chart`."""
        return {resource.name: resource.inputs for resource in self.resources if resource.typ == token}


class _Recorder(mocks.Mocks):
    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self._graph.resources.append(args)
        computed = [*_COMPUTED.get(args.typ, ()), *(["arn"] if args.typ.startswith("aws:") else [])]
        outputs: dict[str, Any] = {output: f"{args.name}.{output}" for output in computed}
        if args.typ == "aws:acm/certificate:Certificate":
            outputs["domainValidationOptions"] = _validation_options(args.inputs)
        return f"{args.name}-id", {**args.inputs, **outputs}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the program asks a provider: {args.token}")


def _validation_options(certificate: Mapping[str, Any]) -> list[dict[str, str]]:
    """Returns the validation records that ACM wants, not in the order of the hosts."""
    hosts = [certificate["domainName"], *certificate.get("subjectAlternativeNames", [])]
    return [
        {
            "domainName": host,
            "resourceRecordName": f"_proof.{host}.",
            "resourceRecordType": "CNAME",
            "resourceRecordValue": f"_{host.replace('.', '-')}.acm-validations.aws.",
        }
        for host in reversed(hosts)
    ]


class _Monitor(mocks.MockMonitor):
    """Records the options of resources, which mocks do not get."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(_Recorder(graph))
        self._graph = graph

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        if request.protect:
            self._graph.protected.add((request.type, request.name))
        if request.retainOnDelete:
            self._graph.retained.add((request.type, request.name))
        self._graph.waits_for[request.type, request.name] = {urn.rpartition("::")[2] for urn in request.dependencies}
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module", autouse=True)
def event_loop_of_pulumi() -> Iterator[None]:
    """Pulumi uses the thread's event loop, which earlier tests of coroutines may have removed."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.close()
    asyncio.set_event_loop(None)


Graphed = Callable[[Callable[[], object]], Graph]


@pytest.fixture(scope="module")
def graphed() -> Graphed:
    """Runs a part of the program as the stack `local`, and returns what it registered."""

    def run(program: Callable[[], object]) -> Graph:
        graph = Graph()
        mocks.set_mocks(_Recorder(graph), "boutique", "local", preview=False, monitor=_Monitor(graph))

        pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
        return graph

    return run


def resolved(graphed: Graphed, program: Callable[[], Sequence[pulumi.Output[str]]]) -> list[str]:
    """Returns the values of the outputs that the program returns."""
    values: list[str] = []
    graphed(lambda: pulumi.Output.all(*program()).apply(values.extend))
    return values
