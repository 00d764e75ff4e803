"""Runs an emulated account and the plugin as processes, like a rehearsal, and acts on resources like the engine."""

import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from boutique_offline.plugins.properties import decode, encode

ROOT = Path(__file__).parents[3]
ACCOUNT, REGION = "123456789012", "eu-central-1"
DEFAULT_TAGS = {"boutique:stack": "dev"}


@contextmanager
def emulated_account() -> Iterator[str]:
    """Yields the account's address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "boutique_offline.rehearsal.account", "--port", str(port)]
    process = subprocess.Popen([*command, "--account", ACCOUNT, "--region", REGION], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        assert process.stdout.readline(), "the account did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def plugin(endpoint: str | None) -> Iterator[Any]:
    """Yields a gRPC client of the plugin, in place of the engine."""
    environment = {"PATH": "/usr/bin:/bin"}
    if endpoint is not None:
        environment["BOUTIQUE_AWS_ENDPOINT"] = endpoint
    process = subprocess.Popen(
        [sys.executable, "-m", "boutique_offline.plugins.aws"], env=environment, stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        assert process.stdout
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            yield provider_pb2_grpc.ResourceProviderStub(channel)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def configured(endpoint: str) -> Iterator[Any]:
    """Yields a client of a configured plugin."""
    with plugin(endpoint) as provider:
        arguments = {"region": REGION, "allowedAccountIds": f'["{ACCOUNT}"]'}
        arguments["defaultTags"] = '{"tags": {"boutique:stack": "dev"}}'
        provider.Configure(provider_pb2.ConfigureRequest(args=encode(arguments)))
        yield provider


@dataclass(frozen=True)
class Output:
    """An output of another resource."""

    resource: str
    property: str = "id"


@dataclass(frozen=True)
class Declared:
    token: str
    inputs: Mapping[str, Any]


@dataclass
class Created:
    """A created resource."""

    token: str
    name: str
    id: str
    inputs: dict[str, Any]
    state: dict[str, Any]


@dataclass
class Deployment:
    """Resources by name, created one after another as the engine would."""

    provider: Any
    resources: dict[str, Created] = field(default_factory=dict)

    def create(self, name: str, declared: Declared) -> Created:
        inputs = self.check(declared.token, name, self.resolve(declared.inputs))
        request = provider_pb2.CreateRequest(
            urn=f"urn:{name}", name=name, type=declared.token, properties=encode(inputs)
        )
        response = self.provider.Create(request)
        self.resources[name] = Created(declared.token, name, response.id, inputs, decode(response.properties))
        return self.resources[name]

    def check(self, token: str, name: str, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> Any:
        request = provider_pb2.CheckRequest(
            urn=f"urn:{name}",
            name=name,
            type=token,
            news=encode(dict(news)),
            olds=encode(dict(olds or {})),
            randomSeed=b"seed",
        )
        response = self.provider.Check(request)
        assert not response.failures, [failure.reason for failure in response.failures]
        return decode(response.inputs)

    def diff(self, resource: Created, inputs: Mapping[str, Any]) -> Any:
        request = provider_pb2.DiffRequest(
            **_named(resource),
            olds=encode(resource.state),
            old_inputs=encode(resource.inputs),
            news=encode(dict(inputs)),
        )
        return self.provider.Diff(request)

    def update(self, resource: Created, inputs: dict[str, Any]) -> None:
        request = provider_pb2.UpdateRequest(
            **_named(resource), olds=encode(resource.state), old_inputs=encode(resource.inputs), news=encode(inputs)
        )
        resource.state = decode(self.provider.Update(request).properties)
        resource.inputs = inputs

    def read(self, resource: Created) -> Any:
        request = provider_pb2.ReadRequest(
            **_named(resource), inputs=encode(resource.inputs), properties=encode(resource.state)
        )
        return self.provider.Read(request)

    def delete(self, resource: Created) -> None:
        self.provider.Delete(provider_pb2.DeleteRequest(**_named(resource), properties=encode(resource.state)))

    def resolve(self, value: Any) -> Any:
        match value:
            case Output():
                found = self.resources[value.resource]
                result: Any = found.id if value.property == "id" else found.state
                for name in value.property.split(".") if value.property != "id" else []:
                    result = result[int(name)] if isinstance(result, list) else result[name]
                return result
            case Mapping():
                return {key: self.resolve(item) for key, item in value.items()}
            case list():
                return [self.resolve(item) for item in value]
            case _:
                return value


def _named(resource: Created) -> dict[str, Any]:
    return {"id": resource.id, "name": resource.name, "urn": f"urn:{resource.name}", "type": resource.token}
