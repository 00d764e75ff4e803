"""The process around k6, with a fake k6."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from boutique_synthetics import k6
from boutique_synthetics.settings import SyntheticsSettings

Start = Callable[..., subprocess.Popen[str]]
Install = Callable[..., None]

SUMMARY: dict[str, Any] = {
    "requests": 18,
    "failures": 0,
    "p50_ms": 4.5,
    "p95_ms": 9.5,
    "checks": 72,
    "orders": 1,
    "seconds": 1.5,
    "errors": {},
    "crossed": [],
}
CROSSED: dict[str, Any] = {"errors": {"GET /: status is 200": 2}, "crossed": ["a check failed", "too slow"]}


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Puts a fake k6 on PATH that logs lines, writes a summary and exits with a status."""

    def install(*lines: object, status: int = 0, first: str = "", **summary: object) -> None:
        said = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        program = tmp_path / "k6"
        program.write_text(
            f"#!{sys.executable}\nimport json, os, signal, sys\n{first}\n"
            f"for line in {said!r}: print(line, file=sys.stderr)\n"
            f"print({json.dumps(SUMMARY | summary)!r}, end='')\n"
            f"sys.exit({status})\n"
        )
        program.chmod(0o755)

    return install


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:

        def start(**variables: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-m", "boutique_synthetics"],
                env={"PATH": str(tmp_path), "WEB_GATEWAY_ADDR": "127.0.0.1:1", **variables},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start


def outcome(process: subprocess.Popen[str]) -> tuple[int, list[dict[str, Any]]]:
    """Returns the exit status, and the JSON of each line of output."""
    output, _ = process.communicate(timeout=60)
    return process.returncode, [json.loads(line) for line in output.splitlines()]


def test_a_run_within_its_thresholds_ends_with_its_summary(install: Install, start: Start) -> None:
    install()
    status, lines = outcome(start())
    assert status == 0
    assert SUMMARY.items() <= lines[-1].items()
    assert (lines[-1]["message"], lines[-1]["service"]) == ("the run is over", "synthetics")


def test_a_run_that_crosses_a_threshold_fails_and_describes_it(install: Install, start: Start) -> None:
    install(status=99, **CROSSED)
    status, lines = outcome(start())
    assert status == 1
    assert lines[-2]["errors"] == {"GET /: status is 200": 2}
    assert (lines[-1]["level"], lines[-1]["message"]) == ("error", "the run failed: a check failed; too slow")


def test_a_failure_of_k6_is_reported_with_its_exit_status(install: Install, start: Start) -> None:
    install(first="sys.exit('panic: runtime error')")
    status, lines = outcome(start())
    assert status == 1
    assert [(line["level"], line["message"]) for line in lines] == [
        ("error", "panic: runtime error"),
        ("error", "the run failed: k6 ended with status 1"),
    ]


def test_a_missing_k6_is_reported_in_one_line(start: Start) -> None:
    status, [line] = outcome(start())
    assert status == os.EX_UNAVAILABLE
    assert line["level"] == "error"
    assert line["message"].startswith("k6 is missing: it is neither in /")
    assert line["message"].endswith("/bin nor on PATH")


def test_the_k6_of_the_image_takes_precedence_over_path(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert k6.find(tmp_path / "bin") is None
    install()
    assert k6.find(tmp_path / "bin") == tmp_path / "k6"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "k6").hardlink_to(tmp_path / "k6")
    assert k6.find(tmp_path / "bin") == tmp_path / "bin" / "k6"


def test_k6_gets_the_settings_and_no_other_variables(install: Install, start: Start, tmp_path: Path) -> None:
    reported = tmp_path / "reported"
    install(first=f"open({str(reported)!r}, 'w').write(json.dumps([sys.argv[1:], dict(os.environ)]))")
    outcome(start(USERS="7", RUN_SECONDS="90", K6_OUT="json=out.json", AWS_SECRET_ACCESS_KEY="testing"))
    arguments, environment = json.loads(reported.read_text())
    assert arguments[0] == "run"
    assert Path(arguments[-1]).name == "shopper.js"
    environment.pop("LC_CTYPE", None)  # Python's own, of the program in k6's place
    assert environment == {
        "HOME": "/tmp",
        "K6_NO_USAGE_REPORT": "true",
        "K6_AUTO_EXTENSION_RESOLUTION": "false",
        "WEB_GATEWAY_ADDR": "127.0.0.1:1",
        "USERS": "7",
        "RUN_SECONDS": "90.0",
        "MINIMUM_WAIT_SECONDS": "1.0",
        "MAXIMUM_WAIT_SECONDS": "3.0",
        "STARTUP_SECONDS": "300.0",
    }


def test_the_log_of_k6_and_its_script_is_copied(install: Install, start: Start) -> None:
    said = json.dumps({"message": "check failed", "check": "GET /: status is 200", "status": 503})
    install(
        {"level": "error", "msg": said, "source": "console", "time": "2000-01-01T00:00:00Z"},
        {"level": "warning", "msg": "Request Failed", "error": "connection refused"},
        {"level": "info", "msg": "not an object", "source": "console"},
        "goroutine 1 [running]:",
    )
    _, lines = outcome(start())
    assert {"level": "error", "message": "check failed", "status": 503}.items() <= lines[0].items()
    assert {"level": "warning", "message": "Request Failed", "error": "connection refused"}.items() <= lines[1].items()
    assert (lines[2]["level"], json.loads(lines[2]["message"])["msg"]) == ("error", "not an object")
    assert (lines[3]["level"], lines[3]["message"]) == ("error", "goroutine 1 [running]:")
    assert {line["service"] for line in lines} == {"synthetics"}
    assert not any(line["time"].startswith("2000") for line in lines)


UNTIL_TERMINATED = """
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
print(json.dumps({"level": "info", "msg": "under way"}), file=sys.stderr, flush=True)
signal.sigwait({signal.SIGTERM})
"""


def test_a_terminated_run_has_a_summary_and_succeeds(install: Install, start: Start) -> None:
    install({"level": "error", "msg": "test run was aborted"}, first=UNTIL_TERMINATED, status=105)
    process = start()
    assert process.stdout is not None
    assert "under way" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    status, lines = outcome(process)
    assert status == 0
    assert [(line["level"], line["message"]) for line in lines] == [
        ("info", "test run was aborted"),
        ("info", "the run is over"),
    ]


@pytest.mark.parametrize("has_failed", [False, True])
def test_with_stay_the_process_idles_after_its_run_until_it_is_terminated(
    install: Install, start: Start, has_failed: bool
) -> None:
    install(status=99, **CROSSED) if has_failed else install()
    process = start(STAY="true")
    assert process.stdout is not None
    last = "the run failed" if has_failed else "the run is over"
    next(line for line in process.stdout if last in line)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)
    process.send_signal(signal.SIGTERM)
    assert outcome(process)[0] == has_failed


def summary(**changes: Any) -> k6.Summary:
    return k6.Summary(**(SUMMARY | changes))


@pytest.mark.parametrize(
    ("run", "is_success"),
    [
        (k6.Run(0, summary(), was_terminated=False), True),
        (k6.Run(99, summary(**CROSSED), was_terminated=False), False),
        (k6.Run(0, None, was_terminated=False), False),
        (k6.Run(107, summary(), was_terminated=False), False),
        (k6.Run(105, summary(), was_terminated=True), True),
        (k6.Run(105, summary(**CROSSED), was_terminated=True), False),
        (k6.Run(105, summary(), was_terminated=False), False),
        (k6.Run(-signal.SIGTERM, None, was_terminated=True), True),
        (k6.Run(-signal.SIGKILL, None, was_terminated=True), False),
        (k6.Run(-signal.SIGTERM, None, was_terminated=False), False),
    ],
)
def test_a_run_succeeds_within_its_thresholds_also_when_terminated(run: k6.Run, is_success: bool) -> None:
    assert run.is_success == is_success


def test_an_invalid_setting_is_named_at_the_start(start: Start) -> None:
    process = start(USERS="51", RUN_SECONDS="0")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == os.EX_CONFIG
    assert [line.partition(":")[0] for line in output.splitlines()] == ["USERS", "RUN_SECONDS"]


@pytest.mark.parametrize(
    "variables",
    [
        {"WEB_GATEWAY_ADDR": "no port"},
        {"USERS": "0"},
        {"RUN_SECONDS": "86400"},
        {"STARTUP_SECONDS": "-1"},
        {"MAXIMUM_WAIT_SECONDS": "61"},
        {"MINIMUM_WAIT_SECONDS": "2", "MAXIMUM_WAIT_SECONDS": "1"},
    ],
)
def test_a_setting_out_of_range_is_refused(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in ({"WEB_GATEWAY_ADDR": "127.0.0.1:1"} | variables).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        SyntheticsSettings()  # type: ignore[call-arg]  # from the environment
