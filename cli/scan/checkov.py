"""Runs Checkov in its own virtual environment, since its pinned dependencies are years older than ours."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from boutique_definition.validation import ConfigError
from cli.scan.translation import Translation

# Hidden, like .venv, from tools that look for Python files.
_ENVIRONMENT: Final = Path(__file__).parents[2] / "build" / ".checkov"
_PYTHON: Final = _ENVIRONMENT / "bin" / "python"
_STAMP: Final = _ENVIRONMENT / "installed"
_LOCK: Final = Path(__file__).with_name("requirements.lock")
_OPTIONS: Final = ("--framework", "terraform_plan", "kubernetes", "--output", "json", "--compact", "--soft-fail")
_VARIABLES: Final = {"PATH": os.defpath, "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true", "EVAL_TF_PLAN_AFTER_UNKNOWN": "true"}
"""The only environment variables of Checkov. With --skip-download, it makes no requests.

Others could name a platform to send findings to. The last one makes an unknown value count as set.
"""


@dataclass(frozen=True, order=True)
class Finding:
    """A check that failed, and the URN of the resource that failed it."""

    check: str
    urn: str
    title: str


@dataclass(frozen=True)
class Report:
    """The findings, and the Terraform types that Checkov has no checks for."""

    findings: Sequence[Finding]
    unchecked_types: Sequence[str]


def run_checkov(translation: Translation) -> Report:
    """Runs Checkov and returns its findings.

    Raises:
        ConfigError: If Checkov can't be installed, fails, or skips a resource.
    """
    _ensure_environment()
    with tempfile.TemporaryDirectory(prefix="boutique-scan-") as name:
        directory = Path(name)
        (directory / "plan.json").write_text(translation.plan)
        for file, manifest in translation.manifests.items():
            (directory / file).write_text(manifest)
        reports = _run(directory)
    _require_all_read(reports, translation)
    failed = {
        Finding(record["check_id"], translation.urns[_location(record)], record["check_name"])
        for record in _records(reports, "failed_checks")
    }
    checked = {_type(record) for kind in ("failed_checks", "passed_checks") for record in _records(reports, kind)}
    return Report(sorted(failed), sorted({address.partition(".")[0] for address in translation.addresses} - checked))


def _ensure_environment() -> None:
    digest = hashlib.sha256(_LOCK.read_bytes()).hexdigest()
    if _STAMP.exists() and _STAMP.read_text() == digest:
        return
    print("Installing Checkov into build/.checkov …", file=sys.stderr)
    uv = Path(sys.prefix) / "bin" / "uv"
    _install([uv, "venv", "--quiet", "--clear", "--python", sys.executable, _ENVIRONMENT])
    _install([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", _PYTHON, _LOCK])
    _STAMP.write_text(digest)


def _install(command: Sequence[str | Path]) -> None:
    outcome = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if outcome.returncode != 0:
        raise ConfigError(f"Checkov could not be installed:\n{outcome.stderr.strip()[-2000:]}")


def _run(directory: Path) -> list[Any]:
    outcome = subprocess.run(
        [_PYTHON, "-m", "checkov.main", "--directory", directory, *_OPTIONS, "--skip-download"],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=directory,
        env={**_VARIABLES, "HOME": str(directory)},
    )
    try:
        output: Any = json.loads(outcome.stdout)
    except ValueError:
        raise ConfigError(f"Checkov failed:\n{(outcome.stderr or outcome.stdout).strip()[-2000:]}") from None
    reports = output if isinstance(output, list) else [output]
    # Without any resources, the output is only a summary.
    return [report for report in reports if "results" in report]


def _require_all_read(reports: Sequence[Any], translation: Translation) -> None:
    """Raises ConfigError if Checkov skipped a resource that it could not read."""
    unread = [error for report in reports for error in report["results"]["parsing_errors"]]
    read = sum(report["summary"]["resource_count"] for report in reports if report["check_type"] == "terraform_plan")
    if unread or read != len(translation.addresses):
        raise ConfigError(
            f"Checkov read {read} of {len(translation.addresses)} AWS resources"
            f"{''.join(f', and not {Path(file).name}' for file in unread)}. cli/scan/translation.py must be fixed."
        )


def _records(reports: Sequence[Any], kind: str) -> Iterator[Any]:
    for report in reports:
        yield from report["results"][kind]


def _location(record: Any) -> str:
    """Returns the address of an AWS resource, or the file of a manifest."""
    return record["resource_address"] or Path(record["file_path"]).name


def _type(record: Any) -> str:
    return str(record["resource"]).partition(".")[0]
