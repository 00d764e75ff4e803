"""A copy of the checkout in which tests run `make` as a person would, and access to the cluster that it started."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.progress import Progress
from dev.toolchain import ensure

ROOT = Path(__file__).parent.parent.parent
STATE = Path.home() / ".local" / "state" / "boutique-e2e"
NAMESPACE = "boutique"
REPLACEMENT_SECONDS = 120


@dataclass(frozen=True)
class Outcome:
    """The exit status of a command, and everything that it printed."""

    status: int
    output: str


class Workspace:
    """A copy of the tracked files, which a test may change."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
        for name in filter(None, tracked.stdout.split("\0")):
            if (ROOT / name).is_file():
                (directory / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, directory / name)

    @property
    def settings(self) -> Path:
        return self.directory / "stacks" / "Pulumi.local.yaml"

    def start(self, target: str, **variables: str) -> "subprocess.Popen[str]":
        """Starts `make` in its own process group, as a shell does."""
        return subprocess.Popen(
            ["make", "--no-print-directory", target, *(f"{name}={value}" for name, value in variables.items())],
            cwd=self.directory,
            env={**os.environ, "BOUTIQUE_STATE": str(STATE)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def make(self, target: str, *, fails: bool = False, **variables: str) -> str:
        """Runs `make` and returns its output.

        Args:
            target: A target of the Makefile.
            fails: Whether it has to fail. Any other outcome fails the test.
            variables: Variables of the Makefile.
        """
        process = self.start(target, **variables)
        output, _ = process.communicate()
        print(f"$ make {target}\n{output}")
        assert (process.returncode != 0) == fails, f"make {target} ended with {process.returncode}:\n{output[-6000:]}"
        return output

    def kill(self, target: str, *, once_it_prints: str, **variables: str) -> None:
        """Runs `make`, and kills all its processes once a line of its output contains a text."""
        process = self.start(target, **variables)
        assert process.stdout is not None
        found = next((line for line in process.stdout if once_it_prints in line), None)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert found is not None, f"make {target} ended without printing {once_it_prints!r}"


class Kubectl:
    """Runs kubectl in the shop's namespace, as an operator would."""

    def __init__(self) -> None:
        with Progress() as progress:
            self._program = ensure(["kubernetes"], progress).command("kubernetes", "kubectl")

    def run(self, *arguments: str) -> str:
        command: list[str | Path] = [
            self._program,
            "--kubeconfig",
            STATE / "kubeconfig",
            "--namespace",
            NAMESPACE,
            *arguments,
        ]
        outcome = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert outcome.returncode == 0, f"kubectl {' '.join(arguments)}: {outcome.stderr}"
        return outcome.stdout

    def get(self, *arguments: str) -> Any:
        return json.loads(self.run("get", *arguments, "--output", "json"))

    def pods(self, name: str) -> list[str]:
        """Returns the pods of a service that are not being deleted."""
        found = self.get("pods", "--selector", f"app.kubernetes.io/name={name}")["items"]
        return [pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def kill(self, pod: str) -> None:
        """Deletes a pod without a grace period, and waits until another is ready in its place."""
        before = self._ready_pods()
        self.run("delete", "pod", pod, "--grace-period=0", "--force", "--wait=true")
        deadline = time.monotonic() + REPLACEMENT_SECONDS
        while len(self._ready_pods()) < len(before):
            assert time.monotonic() < deadline, f"{pod} was not replaced within {REPLACEMENT_SECONDS} s"
            time.sleep(0.2)

    def _ready_pods(self) -> set[str]:
        return {
            pod["metadata"]["uid"]
            for pod in self.get("pods")["items"]
            if "deletionTimestamp" not in pod["metadata"]
            for condition in pod["status"].get("conditions", [])
            if (condition["type"], condition["status"]) == ("Ready", "True")
        }

    def query(self, statement: str, pod: str = "product-data-0") -> list[str]:
        """Runs an SQL statement on product-data, as superuser. Returns the rows, with `|` between columns."""
        command = [
            "psql",
            "--no-psqlrc",
            "--username",
            "postgres",
            "--tuples-only",
            "--no-align",
            "--dbname",
            "boutique",
            "--command",
            statement,
        ]
        return self.run("exec", pod, "--", *command).split()

    def redis(self, pod: str, *commands: str) -> str:
        """Sends commands to a Redis server over one connection, and returns the output."""
        script = "printf '%s\\n' \"$@\" | redis-cli -e --user boutique"
        return self.run("exec", pod, "--", "sh", "-c", script, "sh", *commands)

    def redis_calls(self, pod: str, command: str) -> int:
        """Returns how often a Redis server has run a command."""
        found = re.search(rf"cmdstat_{command}:calls=(\d+)", self.redis(pod, "INFO commandstats"))
        return int(found[1]) if found else 0

    def logs(self, name: str) -> str:
        return "".join(self.run("logs", pod) for pod in self.pods(name))


def lines_with(output: str, words: Iterable[str]) -> list[str]:
    """Returns the lines that contain all the words."""
    required = list(words)
    return [line for line in output.splitlines() if all(word in line for word in required)]
