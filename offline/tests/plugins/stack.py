"""A stack of the real engine whose program declares whatever a test says."""

import asyncio
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boutique_offline import plugins
from boutique_offline.plugins.kubernetes.api import Api, Object
from boutique_offline.plugins.kubernetes.discovery import Discovery

PLUGINS = Path(plugins.__file__).parent

_PROJECT = {"name": "trial", "runtime": "python"}
_PROGRAM = """
import importlib, json, os
import pulumi, pulumi_kubernetes

kubeconfig, namespace = os.environ["TRIAL_KUBECONFIG"], os.environ["TRIAL"]
provider = pulumi_kubernetes.Provider("cluster", kubeconfig=kubeconfig, namespace=namespace)
made = {}
for resource in json.load(open("resources.json")):
    module, _, kind = resource["kind"].rpartition(".")
    options = pulumi.ResourceOptions(
        provider=provider,
        depends_on=[made[name] for name in resource.get("after", [])],
        ignore_changes=resource.get("ignore"),
        custom_timeouts=pulumi.CustomTimeouts(create="60s", update="60s", delete="60s"),
    )
    inputs = dict(resource["inputs"])
    if "secret" in resource:
        inputs["values"] = {key: pulumi.Output.secret(value) for key, value in resource["secret"].items()}
    make = getattr(importlib.import_module(f"pulumi_kubernetes.{module}"), kind)
    made[resource["name"]] = make(resource["name"], **inputs, opts=options)
"""


@dataclass(frozen=True)
class Outcome:
    """What a run of `pulumi` printed and how it ended."""

    succeeded: bool
    output: str

    def count(self, what: str) -> int:
        """How many resources were, say, `updated`."""
        found = re.search(rf"(\d+) {what}", self.output.rpartition("Resources:")[2])
        return int(found[1]) if found else 0


@dataclass
class Stack:
    """A stack of its own in a namespace of the same name, with a client of the cluster beside it."""

    directory: Path
    namespace: str
    kubeconfig: Path
    path: str
    api: Api
    discovery: Discovery
    resources: list[Object] = field(default_factory=list)

    async def start(self) -> None:
        (self.directory / "Pulumi.yaml").write_text(json.dumps(_PROJECT))
        (self.directory / "__main__.py").write_text(_PROGRAM)
        assert (await self._run("stack", "init", "trial")).succeeded
        self.declare("core.v1.Namespace", self.namespace, {"metadata": {"name": self.namespace}})

    def declare(self, kind: str, name: str, inputs: Object, **options: Any) -> None:
        """Declares a resource, or declares it otherwise than before."""
        self.undeclare(name)
        after = [self.namespace] if name != self.namespace else []
        self.resources.append({"kind": kind, "name": name, "inputs": inputs, "after": after, **options})

    def undeclare(self, name: str) -> None:
        self.resources = [resource for resource in self.resources if resource["name"] != name]

    async def preview(self) -> dict[str, dict[str, str]]:
        """What would change: for each resource its operation, and its changed properties with how they change."""
        outcome = await self._run("preview", "--json")
        assert outcome.succeeded, outcome.output
        return {
            step["urn"].rpartition("::")[2]: {"": step["op"]}
            | {path: change["kind"] for path, change in (step.get("detailedDiff") or {}).items()}
            for step in json.loads(outcome.output[outcome.output.index("{") :])["steps"]
            if step["op"] != "same"
        }

    async def refused_preview(self) -> str:
        outcome = await self._run("preview")
        assert not outcome.succeeded, outcome.output
        return outcome.output

    async def up(self) -> Outcome:
        return await self._run("up", "--yes", "--skip-preview")

    async def refresh(self) -> Outcome:
        return await self._run("refresh", "--yes", "--skip-preview")

    async def destroy(self) -> Outcome:
        return await self._run("destroy", "--yes", "--skip-preview")

    async def recorded(self, *options: str) -> str:
        return (await self._run("stack", "export", *options)).output

    async def begin(self, *command: str) -> asyncio.subprocess.Process:
        """A run of `pulumi` that has begun; what it prints, errors too, is its `stdout`."""
        (self.directory / "resources.json").write_text(json.dumps(self.resources))
        return await asyncio.create_subprocess_exec(
            *("pulumi", *command, "--non-interactive"),
            cwd=self.directory,
            env=os.environ
            | {
                "PATH": self.path,
                "PULUMI_HOME": str(self.directory / "home"),
                "PULUMI_BACKEND_URL": f"file://{self.directory}",
                "PULUMI_CONFIG_PASSPHRASE": "trial",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "TRIAL": self.namespace,
                "TRIAL_KUBECONFIG": str(self.kubeconfig),
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def _run(self, *command: str) -> Outcome:
        process = await self.begin(*command)
        output, _ = await process.communicate()
        return Outcome(process.returncode == 0, output.decode())

    async def live(self, api_version: str, kind: str, name: str) -> Object:
        return await self.api.get((await self.discovery.find(api_version, kind)).item(self.namespace, name))

    async def set_by_another(self, api_version: str, kind: str, name: str, fields: Object, manager: str) -> Object:
        """Sets fields of an object as someone else does who does not ask."""
        manifest = {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}} | fields
        path = (await self.discovery.find(api_version, kind)).item(self.namespace, name)
        return await self.api.apply(path, manifest, fieldManager=manager, force="true")
