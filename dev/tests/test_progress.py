"""Tests how long work is shown in a log and on a terminal."""

import io
import threading
from typing import NoReturn

import pytest

from dev.progress import Progress, duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_at_the_start_and_at_the_end() -> None:
    log = io.StringIO()
    with Progress(log) as progress, progress.step("Building"):
        assert log.getvalue() == "  Building …\n"
    assert log.getvalue().splitlines()[-1] == "✓ Building (0.0 s)"


def test_a_log_shows_how_far_the_work_is() -> None:
    class Log(io.StringIO):
        def write(self, text: str) -> int:
            if "312 packages" in text:
                reported.set()
            return len(text)

    reported = threading.Event()
    with Progress(Log(), log_interval=0.001) as progress, progress.step("Building") as step:
        step.update("312 packages")
        assert reported.wait(10)


def test_failed_work_is_marked_as_failed() -> None:
    log = io.StringIO()
    with pytest.raises(ValueError, match="no"), Progress(log) as progress, progress.step("Building"):
        raise ValueError("no")
    assert log.getvalue().splitlines()[-1].startswith("✗ Building")


def test_a_long_line_is_not_wrapped_or_cut_in_a_log() -> None:
    log = io.StringIO()
    with Progress(log) as progress:
        progress.note("word " * 100)
    assert log.getvalue() == "word " * 100 + "\n"


def test_a_terminal_shows_the_detail_and_keeps_the_result() -> None:
    terminal = Terminal()
    with Progress(terminal) as progress, progress.step("Building") as step:
        step.update("312 packages")
    assert "✓ Building (0.0 s)" in terminal.getvalue()


def test_steps_in_threads_are_cancelled_if_the_block_is_interrupted() -> None:
    started = threading.Event()

    def work(progress: Progress) -> None:
        with progress.step("Building") as step:
            started.set()
            while True:
                step.update("still building")

    def interrupted(progress: Progress) -> NoReturn:
        with progress.threads() as pool:
            pool.submit(work, progress)
            started.wait(10)
            raise KeyboardInterrupt

    log = io.StringIO()
    with pytest.raises(KeyboardInterrupt), Progress(log) as progress:
        interrupted(progress)
    assert log.getvalue().splitlines()[-1].startswith("✗ Building")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.42, "0.4 s"), (12, "12 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s")]
)
def test_a_duration_is_written_as_people_write_it(seconds: float, text: str) -> None:
    assert duration(seconds) == text
