"""The program's resource graph, made under Pulumi's mocks: no engine, no cluster."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

ROOT = Path(__file__).parent.parent.parent


@dataclass
class Graph:
    """What a program registered, in order."""

    resources: list[mocks.MockResourceArgs] = field(default_factory=list)

    def of_kind(self, kind: str) -> dict[str, dict[str, Any]]:
        """Inputs by object name, for a Kubernetes kind such as `Deployment`."""
        return {
            resource.inputs["metadata"]["name"]: resource.inputs
            for resource in self.resources
            if resource.typ.startswith("kubernetes:") and resource.typ.endswith(f":{kind}")
        }

    def of_type(self, token: str) -> dict[str, dict[str, Any]]:
        """Inputs by resource name, for a type token such as `kubernetes:helm.sh/v4:Chart`."""
        return {resource.name: resource.inputs for resource in self.resources if resource.typ == token}


class _Recorder(mocks.Mocks):
    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self._graph.resources.append(args)
        outputs = dict(args.inputs)
        if args.typ == "random:index/randomPassword:RandomPassword":
            outputs["result"] = f"generated-for-{args.name}"
        return f"{args.name}-id", outputs

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the program asks a provider: {args.token}")


Graphed = Callable[[Callable[[], object]], Graph]


@pytest.fixture(scope="module")
def graphed() -> Graphed:
    """Runs a part of the program as the stack `local`, and answers what it registered."""

    def run(program: Callable[[], object]) -> Graph:
        graph = Graph()
        mocks.set_mocks(_Recorder(graph), project="boutique", stack="local", preview=False)

        pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
        return graph

    return run
