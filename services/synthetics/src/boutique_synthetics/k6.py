"""Runs k6 with the shoppers' script. It only calls the web gateway, and writes nothing to disk."""

import asyncio
import json
import logging
import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from boutique_synthetics.settings import SyntheticsSettings

BESIDE_THE_PACKAGE = Path(__file__).parents[1] / "bin"
"""The directory of the program in an image."""

_SCRIPT = Path(__file__).with_name("shopper.js")
_ENDED_BY_SIGNAL = {105, -signal.SIGTERM}
"""Exit statuses of a terminated k6: during the run, and before it handles signals.

Source: errext/exitcodes in k6 1.8, `ExternalAbort`.
"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Summary:
    """The summary of a run, as summary.js writes it.

    Args:
        p50_ms: median of the time until a response was complete.
        p95_ms: 95th percentile of it.
        checks: number of checks that passed.
        errors: number of failures by check.
        crossed: descriptions of the thresholds that were crossed.
    """

    requests: int
    failures: int
    p50_ms: float
    p95_ms: float
    checks: int
    orders: int
    seconds: float
    errors: Mapping[str, int]
    crossed: list[str]


@dataclass(frozen=True)
class Run:
    """The outcome of k6. The summary is None if k6 ended before it wrote one."""

    status: int
    summary: Summary | None
    was_terminated: bool

    @property
    def is_success(self) -> bool:
        """True if the run met every threshold. A run that was terminated early may have no summary."""
        if self.was_terminated and self.status in _ENDED_BY_SIGNAL:
            return self.summary is None or not self.summary.crossed
        return self.status == 0 and self.summary is not None and not self.summary.crossed


def find(directory: Path) -> Path | None:
    """Returns the program in `directory`, or else on PATH, or None."""
    found = shutil.which("k6", path=os.pathsep.join([str(directory), os.environ.get("PATH", os.defpath)]))
    return Path(found) if found else None


def command(program: Path) -> list[str]:
    """Returns the command. The empty address turns k6's REST API off; its JSON log is copied to this service's log."""
    return [str(program), "run", "--quiet", "--no-color", "--address", "", "--log-format", "json", str(_SCRIPT)]


def environment(settings: SyntheticsSettings) -> dict[str, str]:
    """Returns the environment variables of k6. This process' own could change the run."""
    variables = settings.model_dump(exclude={"port", "log_level", "shutdown_grace_seconds", "stay"})
    return {
        "HOME": "/tmp",  # noqa: S108 (k6 only reads its configuration there)
        "K6_NO_USAGE_REPORT": "true",
        "K6_AUTO_EXTENSION_RESOLUTION": "false",  # k6 would download other builds of itself
        **{name.upper(): str(value) for name, value in variables.items()},
    }


async def run(program: Path, settings: SyntheticsSettings, terminated: asyncio.Event) -> Run:
    """Runs k6 until its time is over or `terminated` is set, and copies its log to this service's log.

    At the end of its time, shoppers finish their visits. When terminated, k6 aborts them, and requests in flight
    do not count.
    """
    k6 = await asyncio.create_subprocess_exec(
        *command(program),
        env=environment(settings),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C must not reach k6: a second signal would make it drop its summary
    )
    terminating = asyncio.create_task(_terminate(k6, terminated))
    try:
        output, _ = await asyncio.gather(_read(k6.stdout), _log_lines(k6.stderr, terminated))
        status = await k6.wait()
    finally:
        terminating.cancel()
    summary = Summary(**json.loads(output)) if output else None
    return Run(status, summary, terminated.is_set())


async def _terminate(k6: asyncio.subprocess.Process, terminated: asyncio.Event) -> None:
    await terminated.wait()
    k6.terminate()


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    return await stream.read() if stream else b""


async def _log_lines(stream: asyncio.StreamReader | None, terminated: asyncio.Event) -> None:
    while stream and (line := await stream.readline()):
        _log_line(line.decode(errors="replace").rstrip(), terminated.is_set())


def _log_line(line: str, is_terminated: bool) -> None:
    try:
        entry = json.loads(line)
        level = logging.getLevelNamesMapping().get(entry["level"].upper(), logging.ERROR)
        if entry.get("source") == "console":
            message = json.loads(entry["msg"])
            _log.log(level, message.pop("message"), extra=message)
        else:
            # k6 logs its own termination as an error.
            level = logging.INFO if is_terminated else level
            _log.log(level, entry["msg"], extra={"error": entry["error"]} if "error" in entry else {})
    except (ValueError, KeyError, TypeError, AttributeError):
        _log.error(line)  # not a line of k6's log, but a Go panic
