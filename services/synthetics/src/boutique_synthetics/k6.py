"""Runs k6 with the shoppers' script: nothing but the web-gateway is called, nothing is written to disk."""

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
"""Where an image has the program."""

_SCRIPT = Path(__file__).with_name("shopper.js")
_ENDED_BY_SIGNAL = {105, -signal.SIGTERM}
"""Statuses of k6 that was terminated: while it ran, and before it could see to it.

Source: errext/exitcodes in k6 1.8, `ExternalAbort`.
"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Summary:
    """What summary.js makes of a run.

    `p50_ms`, `p95_ms`: of the time to the end of an answer. `checks`: how many held. `errors`: how often each check
    failed. `crossed`: the limits that were not kept, in words.
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
    """How k6 ended; without a summary where it did so before it could sum up."""

    status: int
    summary: Summary | None
    was_terminated: bool

    @property
    def is_success(self) -> bool:
        if self.was_terminated and self.status in _ENDED_BY_SIGNAL:
            return self.summary is None or not self.summary.crossed
        return self.status == 0 and self.summary is not None and not self.summary.crossed


def find(directory: Path) -> Path | None:
    """The program in `directory` or else on PATH."""
    found = shutil.which("k6", path=os.pathsep.join([str(directory), os.environ.get("PATH", os.defpath)]))
    return Path(found) if found else None


def command(program: Path) -> list[str]:
    """An empty address is no REST API; a log format is what makes k6's lines fit for ours."""
    return [str(program), "run", "--quiet", "--no-color", "--address", "", "--log-format", "json", str(_SCRIPT)]


def environment(settings: SyntheticsSettings) -> dict[str, str]:
    """All that k6 and the script are told; what else is in ours could change the run."""
    told = settings.model_dump(exclude={"port", "log_level", "shutdown_grace_seconds", "stay"})
    return {
        "HOME": "/tmp",  # noqa: S108 (k6 looks for its configuration there, and writes nothing)
        "K6_NO_USAGE_REPORT": "true",
        "K6_AUTO_EXTENSION_RESOLUTION": "false",  # it would have other builds of k6 made and sent
        **{name.upper(): str(value) for name, value in told.items()},
    }


async def run(program: Path, settings: SyntheticsSettings, terminated: asyncio.Event) -> Run:
    """Until its time is over or `terminated`. What k6 and the script log is logged as our own.

    At the end of its time, shoppers finish their visits. When it is terminated, k6 breaks them off at once, and what is
    under way counts neither for the shop nor against it.
    """
    k6 = await asyncio.create_subprocess_exec(
        *command(program),
        env=environment(settings),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # a terminal's Ctrl-C is for us: a second signal would make k6 drop its summary
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
            said = json.loads(entry["msg"])
            _log.log(level, said.pop("message"), extra=said)
        else:
            # To k6, it is an error that it is terminated.
            level = logging.INFO if is_terminated else level
            _log.log(level, entry["msg"], extra={"error": entry["error"]} if "error" in entry else {})
    except (ValueError, KeyError, TypeError, AttributeError):
        _log.error(line)  # not a line of k6's log: Go's last words
