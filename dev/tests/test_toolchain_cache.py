"""A directory in the cache is complete or absent."""

import errno
import io
import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from dev.errors import ActionableError
from dev.progress import Progress
from dev.toolchain.cache import ensure_directory, require_space


def _touch(directory: Path) -> None:
    (directory / "program").touch()


def test_a_directory_appears_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "tools/helm/3.22.0"

    def fill(partial: Path) -> None:
        _touch(partial)
        assert not target.exists()

    ensure_directory(target, "helm", fill)
    assert (target / "program").exists()
    assert list(target.parent.iterdir()) == [target]


def test_a_directory_that_exists_is_not_filled_again(tmp_path: Path) -> None:
    ensure_directory(tmp_path / "helm", "helm", _touch)
    ensure_directory(tmp_path / "helm", "helm", lambda _: pytest.fail("it was filled again"))


def test_nothing_remains_of_a_failure(tmp_path: Path) -> None:
    def fail(partial: Path) -> None:
        _touch(partial)
        raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        ensure_directory(tmp_path / "helm", "helm", fail)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    def fail(_: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(ActionableError, match="is full"):
        ensure_directory(tmp_path / "helm", "helm", fail)


def test_the_leftovers_of_a_killed_run_are_discarded(tmp_path: Path) -> None:
    (tmp_path / ".helm.partial").mkdir()
    (tmp_path / ".helm.partial/half").touch()
    (tmp_path / ".helm.lock").touch()
    ensure_directory(tmp_path / "helm", "helm", _touch)
    assert [file.name for file in (tmp_path / "helm").iterdir()] == ["program"]


def test_a_second_thread_waits_for_the_first_and_says_for_what(tmp_path: Path) -> None:
    filling, waiting = threading.Event(), threading.Event()

    class Stream(io.StringIO):
        def write(self, text: str) -> int:
            if "Waiting for helm, which is being prepared" in text:
                waiting.set()
            return super().write(text)

    def fill(partial: Path) -> None:
        filling.set()
        assert waiting.wait(20)
        _touch(partial)

    first = threading.Thread(target=ensure_directory, args=(tmp_path / "helm", "helm", fill))
    first.start()
    assert filling.wait(20)
    with Progress(Stream()) as progress:
        ensure_directory(tmp_path / "helm", "helm", lambda _: pytest.fail("it was filled twice"), progress)
    first.join()
    assert (tmp_path / "helm/program").exists()


def test_too_little_disk_space_is_reported_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(ActionableError, match=r"Building pulumi needs 10000000 GB of disk and .* GB left"):
        require_space(tmp_path, 10_000_000, "Building pulumi")
