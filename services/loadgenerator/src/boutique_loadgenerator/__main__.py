"""Runs the load generator: `python3 -m boutique_loadgenerator`.

Its last line on standard output is the summary, one JSON object. The exit status is 0 if no request failed, else 1.
"""

import json
import signal
import sys
import threading
from dataclasses import asdict

from boutique_loadgenerator.run import run, wait_for_shop
from boutique_loadgenerator.settings import LoadSettings
from boutique_runtime.settings import load_settings
from boutique_runtime.telemetry import configure_logging


def main() -> int:
    """Runs the load generator once and returns the exit status."""
    settings = load_settings(LoadSettings)
    configure_logging("loadgenerator", settings.log_level)
    ended, terminated = threading.Event(), threading.Event()

    def terminate(*_: object) -> None:
        ended.set()
        terminated.set()

    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, terminate)
    if not wait_for_shop(settings, ended):
        return 1
    summary = run(settings, ended)
    print(json.dumps(asdict(summary)), flush=True)
    if settings.stay:
        # Without a pending timer, gevent would report an endless wait as a deadlock.
        terminated.wait(threading.TIMEOUT_MAX)
    return 0 if summary.is_success else 1


if __name__ == "__main__":
    sys.exit(main())
