"""Checkov itself, in an environment of its own: its pins would hold ours back by years."""

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
from cli.scan.plans import Scannable

# Hidden, as .venv is, from what looks for our own Python.
_ENVIRONMENT: Final = Path(__file__).parents[2] / "build" / ".checkov"
_PYTHON: Final = _ENVIRONMENT / "bin" / "python"
_STAMP: Final = _ENVIRONMENT / "installed"
_LOCK: Final = Path(__file__).with_name("requirements.lock")
_OPTIONS: Final = ("--framework", "terraform_plan", "kubernetes", "--output", "json", "--compact", "--soft-fail")
_ALONE: Final = {"PATH": os.defpath, "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"}
"""With --skip-download: nobody is asked for guides, for policies, or for a newer Checkov.

It is told of nothing else that the environment has, such as a key of the platform that findings are sent to.
"""

_UNKNOWN_IS_SET: Final = {"EVAL_TF_PLAN_AFTER_UNKNOWN": "true"}
"""A property whose value is not known yet is there all the same."""


@dataclass(frozen=True, order=True)
class Finding:
    """A check that failed, and the resource, by URN, that failed it."""

    check: str
    urn: str
    title: str


@dataclass(frozen=True)
class Report:
    """`unexamined` are Terraform's types that Checkov has no check for."""

    findings: Sequence[Finding]
    unexamined: Sequence[str]


def scan(scannable: Scannable) -> Report:
    """Raises ConfigError where Checkov cannot be installed, fails, or has not read all."""
    _ensure_environment()
    with tempfile.TemporaryDirectory(prefix="boutique-scan-") as name:
        directory = Path(name)
        (directory / "plan.json").write_text(scannable.plan)
        for file, manifest in scannable.manifests.items():
            (directory / file).write_text(manifest)
        reports = _run(directory)
    _require_all_read(reports, scannable)
    failed = {
        Finding(record["check_id"], scannable.urns[_place(record)], record["check_name"])
        for record in _records(reports, "failed_checks")
    }
    examined = {_type(record) for kind in ("failed_checks", "passed_checks") for record in _records(reports, kind)}
    return Report(sorted(failed), sorted({address.partition(".")[0] for address in scannable.addresses} - examined))


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
        env={**_ALONE, **_UNKNOWN_IS_SET, "HOME": str(directory)},
    )
    try:
        answer: Any = json.loads(outcome.stdout)
    except ValueError:
        raise ConfigError(f"Checkov failed:\n{(outcome.stderr or outcome.stdout).strip()[-2000:]}") from None
    reports = answer if isinstance(answer, list) else [answer]
    # Of nothing at all the answer is a summary alone.
    return [report for report in reports if "results" in report]


def _require_all_read(reports: Sequence[Any], scannable: Scannable) -> None:
    """What Checkov cannot read it passes over."""
    unread = [error for report in reports for error in report["results"]["parsing_errors"]]
    read = sum(report["summary"]["resource_count"] for report in reports if report["check_type"] == "terraform_plan")
    if unread or read != len(scannable.addresses):
        raise ConfigError(
            f"Checkov has read {read} of {len(scannable.addresses)} resources of AWS"
            f"{''.join(f', and not {Path(file).name}' for file in unread)}: cli/scan/plans.py wrote them"
        )


def _records(reports: Sequence[Any], kind: str) -> Iterator[Any]:
    for report in reports:
        yield from report["results"][kind]


def _place(record: Any) -> str:
    """The address of a resource of AWS, or the file of a manifest."""
    return record["resource_address"] or Path(record["file_path"]).name


def _type(record: Any) -> str:
    return str(record["resource"]).partition(".")[0]
