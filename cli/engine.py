"""Runs the Pulumi program for a stack with the real engine."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from boutique_offline import plugins
from dev.directories import cache_directory
from dev.errors import ActionableError
from dev.toolchain import Toolbox
from dev.virtual_environment import ENVIRONMENT, ROOT

_POLICIES = ROOT / "infra" / "policies" / "run"
_PLUGINS = Path(plugins.__file__).parent


@dataclass(frozen=True)
class Backend:
    """Where Pulumi keeps the state: in a directory of this machine, or in an account's bucket.

    The state in a directory holds the passwords of stores on this machine, beside their data, for this user's eyes
    alone: a passphrase kept next to it would guard nothing. In a bucket a key of the account encrypts what is secret.
    """

    url: str
    variables: Mapping[str, str]
    secrets_provider: str = "default"
    shared: bool = True

    @classmethod
    def here(cls, directory: Path) -> Self:
        directory.mkdir(parents=True, exist_ok=True)
        return cls(f"file://{directory}", {"PULUMI_CONFIG_PASSPHRASE": ""}, shared=False)


@dataclass(frozen=True)
class Stack:
    """`stand_ins` are the emulated provider plugins to use; `variables` is what they and the program read.

    `project` is the folder of the Pulumi.yaml, which says where the settings are. With `policies` what violates the
    policy pack is neither made nor shown as if it could be.
    """

    name: str
    toolbox: Toolbox
    stand_ins: Sequence[str]
    variables: Mapping[str, str]
    backend: Backend
    project: Path = ROOT
    policies: bool = False

    def up(self, *options: str) -> None:
        """Applies the program. Raises ActionableError; Pulumi has said why."""
        self._prepare()
        self._run(
            ["up", "--yes", "--skip-preview", *self._policy_pack(), *options],
            "The update did not complete; the same command goes on from here.",
        )

    def preview(self, *options: str) -> None:
        """Shows what `up` would change."""
        self._prepare()
        self._run(["preview", *self._policy_pack(), *options], "The preview failed: nothing was changed.")

    def plan(self, *options: str) -> str:
        """What `up` would make, with all inputs, as JSON. Source of its shape: `pulumi preview --json`."""
        self._prepare()
        return self._ask(["preview", "--json", "--show-sames", *options])

    def refresh(self) -> None:
        """Shows what was changed behind Pulumi's back, and takes note of it; `up` then mends it."""
        self._prepare()
        self._run(["refresh", "--yes", "--diff", "--skip-preview"], "The refresh did not complete.")

    def destroy(self) -> None:
        """Removes what the stack made, and the stack."""
        if not self.exists():
            return
        self._prepare()
        # One thing that stays for now must not keep all else standing, and paid for.
        self._run(
            ["destroy", "--yes", "--skip-preview", "--continue-on-error"],
            "Not everything was removed; run `make down` again.",
        )
        self._run(["stack", "rm", "--yes", "--preserve-config", self.name], "The stack's state was not removed.")

    def exists(self) -> bool:
        stacks = json.loads(self._ask(["stack", "ls", "--json"]))
        return any(stack["name"].rpartition("/")[2] == self.name for stack in stacks)

    def versions(self) -> dict[str, str]:
        """The image of each service that runs; of none where there is no stack yet."""
        if not self.exists():
            return {}
        versions: dict[str, str] = self._outputs().get("versions", {})
        return versions

    def addresses(self) -> list[str]:
        """Where each external service of the shop is reached, as the program exported it."""
        addresses: Mapping[str, str] = self._outputs()["addresses"]
        return list(addresses.values())

    def _outputs(self) -> Mapping[str, Any]:
        outputs: Mapping[str, Any] = json.loads(self._ask(["stack", "output", "--json"]))
        return outputs

    def _prepare(self) -> None:
        self._ask(["stack", "select", "--create", f"--secrets-provider={self.backend.secrets_provider}", self.name])
        if not self.backend.shared:
            # A lock that is there now is what a killed run left: nobody else has this state.
            self._ask(["cancel", "--yes", self.name])

    def _run(self, arguments: list[str], failure: str) -> None:
        command, environment = self._command(arguments), self._environment()
        if subprocess.run(command, check=False, cwd=self.project, env=environment).returncode != 0:
            raise ActionableError(failure)

    def _ask(self, arguments: list[str]) -> str:
        command, environment = self._command(arguments), self._environment()
        outcome = subprocess.run(
            command, check=False, cwd=self.project, env=environment, capture_output=True, text=True
        )
        if outcome.returncode != 0:
            reasons = f"{outcome.stderr}\n{_errors(outcome.stdout)}".strip()
            raise ActionableError(f"pulumi {' '.join(arguments)}: {reasons}")
        return outcome.stdout

    def _policy_pack(self) -> list[str]:
        return [f"--policy-pack={_POLICIES}"] if self.policies else []

    def _command(self, arguments: list[str]) -> list[str]:
        return [str(self.toolbox.command("pulumi")), *arguments, "--non-interactive"]

    def _environment(self) -> dict[str, str]:
        stand_ins = [str(_PLUGINS / name) for name in self.stand_ins]
        path = [*stand_ins, str(ENVIRONMENT / "bin"), self.toolbox.path_environment()]
        return {
            **os.environ,
            "PATH": os.pathsep.join(path),
            **self.variables,
            **self.backend.variables,
            "PULUMI_BACKEND_URL": self.backend.url,
            "PULUMI_HOME": str(cache_directory() / "pulumi"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_STACK": self.name,
        }


def _errors(printed: str) -> str:
    """What a command that prints JSON says of its failure there, and nowhere else. Source: `pulumi preview --json`."""
    try:
        diagnostics = json.loads(printed)["diagnostics"]
    except (ValueError, KeyError, TypeError):
        return ""
    return "\n".join(one["message"].strip() for one in diagnostics if one["severity"] == "error")
