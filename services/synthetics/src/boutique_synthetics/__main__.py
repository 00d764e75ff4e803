"""Runs the shoppers: `python3 -m boutique_synthetics`.

Logs a summary of the run, and then what went wrong. The exit status is 0 if the run met every threshold, else 1, or 69
(EX_UNAVAILABLE) if k6 is missing.
"""

import asyncio
import logging
import os
import signal
import sys
from dataclasses import asdict

from boutique_runtime.settings import load_settings
from boutique_runtime.telemetry import configure_logging
from boutique_synthetics import k6
from boutique_synthetics.settings import SyntheticsSettings

_log = logging.getLogger(__package__)


async def main() -> int:
    """Runs the shoppers once and returns the exit status."""
    settings = load_settings(SyntheticsSettings)
    configure_logging("synthetics", settings.log_level)
    program = k6.find(k6.BESIDE_THE_PACKAGE)
    if program is None:
        _log.error("k6 is missing: it is neither in %s nor on PATH", k6.BESIDE_THE_PACKAGE)
        return os.EX_UNAVAILABLE
    terminated = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, terminated.set)
    run = await k6.run(program, settings, terminated)
    if run.summary:
        _log.info("the run is over", extra=asdict(run.summary))
    if not run.is_success:
        reasons = run.summary.crossed if run.summary else []
        _log.error("the run failed: %s", "; ".join(reasons) or f"k6 ended with status {run.status}")
    if settings.stay:
        await terminated.wait()
    return 0 if run.is_success else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
