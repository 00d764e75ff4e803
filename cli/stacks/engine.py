"""Runs the Pulumi program for a stack with the real engine."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dev.errors import ActionableError
from dev.toolchain import Toolbox, pulumi_home
from dev.virtual_environment import ENVIRONMENT, ROOT

_POLICY_PACK = ROOT / "infra" / "policies" / "run"


@dataclass(frozen=True)
class Backend:
    """The place where Pulumi keeps the state: a directory of this machine, or an account's bucket.

    A directory holds the passwords of stores on this machine, beside their data, and only this user can read it: a
    passphrase next to it would protect nothing. In a bucket, a key of the account encrypts the secrets.

    Args:
        url: The backend's URL, as `pulumi login` takes it.
        variables: Environment variables that the backend needs.
        secrets_provider: What encrypts secrets, as `pulumi stack init` takes it.
        shared: Whether others use the backend too.
    """

    url: str
    variables: Mapping[str, str]
    secrets_provider: str = "default"
    shared: bool = True

    @classmethod
    def local(cls, directory: Path) -> Self:
        """Returns a backend in a directory of this machine, which is created."""
        directory.mkdir(parents=True, exist_ok=True)
        return cls(f"file://{directory}", {"PULUMI_CONFIG_PASSPHRASE": ""}, shared=False)


@dataclass(frozen=True)
class Stack:
    """A Pulumi stack.

    Args:
        name: The stack's name.
        toolbox: The tools, with `pulumi` among them.
        plugins: Folders of provider plugins that the engine uses instead of downloading the official ones.
        variables: Environment variables of the program and the plugins.
        backend: Where the state is.
        project: The folder of the Pulumi.yaml, which says where the settings are.
        policies: Whether the policy pack must pass before anything is previewed or created.
    """

    name: str
    toolbox: Toolbox
    plugins: Sequence[Path]
    variables: Mapping[str, str]
    backend: Backend
    project: Path = ROOT
    policies: bool = False

    def up(self, *options: str) -> None:
        """Applies the program. Raises ActionableError after Pulumi has printed why it failed."""
        self._select()
        self._run(
            ["up", "--yes", "--skip-preview", *self._policy_pack(), *options],
            "The update did not complete. Run the same command again to continue.",
        )

    def preview(self, *options: str) -> None:
        """Prints what `up` would change."""
        self._select()
        self._run(["preview", *self._policy_pack(), *options], "The preview failed: nothing was changed.")

    def plan(self, *options: str) -> str:
        """Returns what `up` would do, with all inputs, as JSON. Source of its shape: `pulumi preview --json`."""
        self._select()
        return self._read(["preview", "--json", "--show-sames", *options])

    def refresh(self) -> None:
        """Prints what was changed outside Pulumi, and records it in the state."""
        self._select()
        self._run(["refresh", "--yes", "--diff", "--skip-preview"], "The refresh did not complete.")

    def destroy(self) -> None:
        """Destroys the stack's resources, and removes the stack from the backend."""
        if not self.exists():
            return
        self._select()
        # One resource that cannot be deleted yet must not keep the others, which cost money.
        self._run(
            ["destroy", "--yes", "--skip-preview", "--continue-on-error"],
            f"Not everything was removed. Run `boutique down {self.name}` again.",
        )
        self._run(["stack", "rm", "--yes", "--preserve-config", self.name], "The stack's state was not removed.")

    def exists(self) -> bool:
        """Returns whether the backend has the stack."""
        stacks = json.loads(self._read(["stack", "ls", "--json"]))
        return any(stack["name"].rpartition("/")[2] == self.name for stack in stacks)

    def was_interrupted(self) -> bool:
        """Returns whether a run was killed while it created something, which the state therefore may not contain."""
        if not self.exists():
            return False
        state = json.loads(self._read(["stack", "export", f"--stack={self.name}"]))
        return bool(state["deployment"].get("pending_operations"))

    def versions(self) -> dict[str, str]:
        """Returns the image of each service that runs, or nothing if the stack does not exist yet."""
        if not self.exists():
            return {}
        versions: dict[str, str] = json.loads(self._read(["stack", "output", "--json"])).get("versions", {})
        return versions

    def _select(self) -> None:
        self._read(["stack", "select", "--create", f"--secrets-provider={self.backend.secrets_provider}", self.name])
        if not self.backend.shared:
            # Nobody else uses this state, so a lock that is there now was left by a killed run.
            self._read(["cancel", "--yes", self.name])

    def _run(self, arguments: list[str], failure: str) -> None:
        process = subprocess.run(
            self._command(arguments), check=False, cwd=self.project, env=self._environment_variables()
        )
        if process.returncode != 0:
            raise ActionableError(failure)

    def _read(self, arguments: list[str]) -> str:
        process = subprocess.run(
            self._command(arguments),
            check=False,
            cwd=self.project,
            env=self._environment_variables(),
            capture_output=True,
            text=True,
        )
        if process.returncode != 0:
            reasons = f"{process.stderr}\n{_errors(process.stdout)}".strip()
            raise ActionableError(f"pulumi {' '.join(arguments)}: {reasons}")
        return process.stdout

    def _policy_pack(self) -> list[str]:
        return [f"--policy-pack={_POLICY_PACK}"] if self.policies else []

    def _command(self, arguments: list[str]) -> list[str]:
        return [str(self.toolbox.command("pulumi")), *arguments, "--non-interactive"]

    def _environment_variables(self) -> dict[str, str]:
        path = [*map(str, self.plugins), str(ENVIRONMENT / "bin"), self.toolbox.path_environment()]
        return {
            **os.environ,
            "PATH": os.pathsep.join(path),
            **self.variables,
            **self.backend.variables,
            "PULUMI_BACKEND_URL": self.backend.url,
            "PULUMI_HOME": str(pulumi_home()),
            # `up` sets back what someone changed by hand, instead of failing with a conflict.
            "PULUMI_K8S_ENABLE_PATCH_FORCE": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_STACK": self.name,
        }


def _errors(output: str) -> str:
    """Returns the errors that a command reports only inside the JSON it prints. Source: `pulumi preview --json`."""
    try:
        diagnostics = json.loads(output)["diagnostics"]
    except (ValueError, KeyError, TypeError):
        return ""
    return "\n".join(entry["message"].strip() for entry in diagnostics if entry["severity"] == "error")
