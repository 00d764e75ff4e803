"""Runs the Pulumi program for a stack with the real engine, its state kept on this machine."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.directories import cache_directory, state_directory
from local.environment import ENVIRONMENT, ROOT
from local.errors import ActionableError
from local.tools import Toolbox

PLUGINS = [Path(__file__).parent / "plugins" / name for name in ("kubernetes", "random")]


@dataclass(frozen=True)
class Stack:
    """`stand_ins`: whether the provider plugins of local/plugins are used."""

    name: str
    toolbox: Toolbox
    kubeconfig: Path
    images: Path
    stand_ins: bool

    def up(self) -> None:
        """Applies the program. Raises ActionableError; Pulumi has said why."""
        self._prepare()
        self._run(["up", "--yes", "--skip-preview"], "The update did not complete; `make up` goes on from here.")

    def preview(self) -> None:
        """Shows what `up` would change."""
        self._prepare()
        self._run(["preview", "--diff"], "The preview failed: nothing was changed.")

    def refresh(self) -> None:
        """Shows what was changed behind Pulumi's back, and takes note of it; `up` then mends it."""
        self._prepare()
        self._run(["refresh", "--yes", "--diff", "--skip-preview"], "The refresh did not complete.")

    def destroy(self) -> None:
        """Removes what the stack made, and the stack."""
        if not self.exists():
            return
        self._prepare()
        self._run(["destroy", "--yes", "--skip-preview"], "Not everything was removed; run `make down` again.")
        self._run(["stack", "rm", "--yes", "--preserve-config", self.name], "The stack's state was not removed.")

    def exists(self) -> bool:
        return any((_backend() / ".pulumi" / "stacks").rglob(f"{self.name}.json"))

    def outputs(self) -> Mapping[str, Any]:
        """What the program exported."""
        outputs: Mapping[str, Any] = json.loads(self._ask(["stack", "output", "--json"]))
        return outputs

    def _prepare(self) -> None:
        _backend().mkdir(parents=True, exist_ok=True)
        self._ask(["stack", "select", "--create", self.name])
        # A lock that is there now is what a killed run left: the state is this user's, on this machine.
        self._ask(["cancel", "--yes", self.name])

    def _run(self, arguments: list[str], failure: str) -> None:
        if subprocess.run(self._command(arguments), check=False, cwd=ROOT, env=self._environment()).returncode != 0:
            raise ActionableError(failure)

    def _ask(self, arguments: list[str]) -> str:
        outcome = subprocess.run(
            self._command(arguments), check=False, cwd=ROOT, env=self._environment(), capture_output=True, text=True
        )
        if outcome.returncode != 0:
            raise ActionableError(f"pulumi {' '.join(arguments)}: {outcome.stderr.strip()}")
        return outcome.stdout

    def _command(self, arguments: list[str]) -> list[str]:
        return [str(self.toolbox.command("pulumi")), *arguments, "--non-interactive"]

    def _environment(self) -> dict[str, str]:
        plugins = [str(folder) for folder in PLUGINS] if self.stand_ins else []
        path = [*plugins, str(ENVIRONMENT / "bin"), self.toolbox.path_environment()]
        return {
            **os.environ,
            "PATH": os.pathsep.join(path),
            "KUBECONFIG": str(self.kubeconfig),
            "BOUTIQUE_IMAGES": str(self.images),
            "PULUMI_BACKEND_URL": f"file://{_backend()}",
            # The state holds the passwords of stores on this machine, beside their data, for this user's eyes alone:
            # a passphrase kept next to it would guard nothing.
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_HOME": str(cache_directory() / "pulumi"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_STACK": self.name,
        }


def _backend() -> Path:
    return state_directory() / "pulumi"
