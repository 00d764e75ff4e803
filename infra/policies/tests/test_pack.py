"""The pack as a process beside Pulumi's engine."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

_RUN = Path(__file__).parents[1] / "run"
_ENGINE = """
import subprocess, sys
pack = subprocess.Popen([sys.argv[1], "127.0.0.1:1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
pack.stdout.readline()
print(pack.pid, flush=True)
"""
_PATIENCE_SECONDS = 60


def test_it_ends_when_its_engine_ends() -> None:
    engine = subprocess.run([sys.executable, "-c", _ENGINE, _RUN], check=True, capture_output=True, text=True)
    pack = int(engine.stdout)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(pack, 0)
            time.sleep(0.1)
        raise AssertionError(f"the pack (process {pack}) goes on without its engine")
