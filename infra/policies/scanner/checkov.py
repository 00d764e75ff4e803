"""Checkov itself, in an environment of its own: its pins would hold ours back by years."""

import hashlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.directories import cache_directory
from local.environment import ENVIRONMENT
from local.errors import ActionableError
from local.progress import Progress

_LOCK: Final = Path(__file__).with_name("requirements.lock")
_WITHOUT_GRAPH: Final = "CKV2_AWS*"
"""Checks of how resources refer to each other: a plan of Pulumi's has values, and not what they were made of."""


@dataclass(frozen=True, order=True)
class Finding:
    check: str
    resource: str
    title: str


def scan(plan: Path, manifests: Path, progress: Progress) -> list[Finding]:
    """What Checkov finds in a plan of Terraform's and in manifests; it asks nobody. Raises ActionableError."""
    checkov = _ensure(progress)
    with progress.step("Scanning the plan with Checkov"):
        found = [*_run(checkov, plan, "terraform_plan"), *_run(checkov, manifests, "kubernetes")]
    return sorted(set(found))


def _ensure(progress: Progress) -> Path:
    digest = hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:12]
    environment = cache_directory() / "checkov" / digest
    program = environment / "bin" / "checkov"
    if not (environment / "complete").exists():
        with progress.step("Installing Checkov"):
            uv = ENVIRONMENT / "bin" / "uv"
            _require([uv, "venv", "--quiet", "--clear", "--python", ENVIRONMENT / "bin" / "python", environment])
            _require(
                [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", environment / "bin" / "python", _LOCK]
            )
            (environment / "complete").touch()
    return program


def _require(command: list[str | Path]) -> None:
    outcome = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if outcome.returncode != 0:
        raise ActionableError(f"Checkov could not be installed:\n{outcome.stderr.strip()[-2000:]}")


def _run(checkov: Path, file: Path, framework: str) -> list[Finding]:
    command: list[str | Path] = [checkov, "--file", file, "--framework", framework, "--skip-check", _WITHOUT_GRAPH]
    command += ["--output", "json", "--compact", "--quiet", "--soft-fail", "--skip-download"]
    outcome = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "BC_SKIP_MAPPING": "TRUE", "CHECKOV_ENABLE_MODULES_FOREACH_HANDLING": "FALSE"},
    )
    try:
        answer: Any = json.loads(outcome.stdout)
    except ValueError:
        raise ActionableError(f"Checkov failed:\n{(outcome.stderr or outcome.stdout).strip()[-2000:]}") from None
    reports = answer if isinstance(answer, list) else [answer]
    return [
        Finding(failed["check_id"], failed["resource"], failed["check_name"])
        for report in reports
        for failed in report.get("results", {}).get("failed_checks", [])
    ]
