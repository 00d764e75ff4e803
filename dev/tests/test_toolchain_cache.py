"""A directory is in the cache whole or not at all."""

import errno
import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from dev.errors import ActionableError
from dev.progress import Progress
from dev.toolchain.cache import locked, published, require_space


def test_a_directory_appears_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "tools/helm/3.22.0"
    with published(target, tmp_path) as partial:
        (partial / "helm").touch()
        assert not target.exists()
    assert (target / "helm").exists()


def test_nothing_appears_of_what_failed(tmp_path: Path) -> None:
    target = tmp_path / "tools/helm/3.22.0"
    with suppress(KeyboardInterrupt), published(target, tmp_path) as partial:
        (partial / "helm").touch()
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(ActionableError, match="is full"), published(tmp_path / "helm", tmp_path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_a_killed_run_left_is_cleared_by_the_next(tmp_path: Path) -> None:
    killed = published(tmp_path / "helm", tmp_path)
    partial = killed.__enter__()
    (partial / "half").touch()
    with Progress() as progress, locked(tmp_path, progress):
        assert not partial.exists()


def test_one_run_waits_for_another(tmp_path: Path) -> None:
    order = []
    first_holds = threading.Event()
    second_tries = threading.Event()

    def first() -> None:
        with Progress() as progress, locked(tmp_path, progress):
            first_holds.set()
            second_tries.wait(10)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    first_holds.wait(10)
    with Progress() as progress:
        second_tries.set()
        with locked(tmp_path, progress):
            order.append("second")
    thread.join()
    assert order == ["first", "second"]


def test_too_little_disk_is_said_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(ActionableError, match=r"Building pulumi needs 10000000 GB of disk and .* GB left"):
        require_space(tmp_path, 10_000_000, "Building pulumi")
