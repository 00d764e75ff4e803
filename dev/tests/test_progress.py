"""What long work shows in a log and on a terminal."""

import io
import threading

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


def test_a_log_says_meanwhile_how_far_the_work_is() -> None:
    class Log(io.StringIO):
        def write(self, text: str) -> int:
            if "312 packages" in text:
                far.set()
            return len(text)

    far = threading.Event()
    with Progress(Log(), log_interval=0) as progress, progress.step("Building") as step:
        step.update("312 packages")
        assert far.wait(10)


def test_work_that_fails_is_marked_so() -> None:
    log = io.StringIO()
    with pytest.raises(ValueError, match="no"), Progress(log) as progress, progress.step("Building"):
        raise ValueError("no")
    assert log.getvalue().splitlines()[-1].startswith("✗ Building")


def test_a_terminal_keeps_only_the_last_line_of_each_step() -> None:
    terminal = Terminal()
    with Progress(terminal) as progress, progress.step("Building"):
        pass
    assert terminal.getvalue().count("\n") == 1


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.42, "0.4 s"), (12, "12 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s")]
)
def test_a_duration_is_written_as_a_person_does(seconds: float, text: str) -> None:
    assert duration(seconds) == text
