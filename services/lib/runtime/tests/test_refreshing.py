"""A value that is loaded from elsewhere and kept."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest

from boutique_runtime.refreshing import Refreshing

FRESH_SECONDS = 5.0
STALE_SECONDS = 60.0
RETRY_SECONDS = 2.0


class Source:
    """Returns 1, 2, 3, … once per load while it is open. Fails while `failing` is set."""

    def __init__(self) -> None:
        self.loads = 0
        self.failing: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.loaded = asyncio.Event()
        self.now = 0.0

    async def load(self) -> int:
        await self.open.wait()
        self.loads += 1
        self.loaded.set()
        if self.failing:
            raise self.failing
        return self.loads

    def refreshing(self, **options: Any) -> Refreshing[int]:
        defaults: dict[str, Any] = {
            "fresh_seconds": FRESH_SECONDS,
            "stale_seconds": STALE_SECONDS,
            "retry_seconds": RETRY_SECONDS,
            "clock": lambda: self.now,
        }
        return Refreshing(self.load, **defaults | options)


def unavailable() -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), grpc.aio.Metadata())


@pytest.fixture
async def source() -> Source:
    return Source()


async def test_a_fresh_value_is_loaded_once(source: Source) -> None:
    value = source.refreshing()
    assert set(await asyncio.gather(value.get(), value.get())) == {1}
    source.now = FRESH_SECONDS - 0.1
    assert await value.get() == 1


async def test_an_older_value_is_returned_while_a_new_one_is_loaded(source: Source) -> None:
    value = source.refreshing()
    await value.get()
    source.loaded.clear()
    source.now = FRESH_SECONDS
    assert await value.get() == 1
    await source.loaded.wait()
    assert await value.get() == 2


async def test_a_stale_value_is_replaced_before_it_is_returned(source: Source) -> None:
    value = source.refreshing()
    await value.get()
    source.now = STALE_SECONDS
    assert await value.get() == 2


async def test_a_stale_value_is_returned_while_loads_fail(source: Source) -> None:
    value = source.refreshing()
    await value.get()
    source.now, source.failing = STALE_SECONDS, unavailable()
    assert await value.get() == 1
    assert await value.get() == 1
    assert source.loads == 2, "not every caller tries again"
    source.now, source.failing = STALE_SECONDS + RETRY_SECONDS, None
    assert await value.get() == 3


async def test_only_one_caller_waits_for_a_source_that_hangs(source: Source) -> None:
    value = source.refreshing(wait_seconds=0.2)
    await value.get()
    source.open.clear()
    source.now = STALE_SECONDS
    waited = asyncio.get_running_loop().time
    started = waited()
    assert await value.get() == 1
    assert waited() - started >= 0.19
    async with asyncio.timeout(0.1):
        assert await value.get() == 1
    source.open.set()


async def test_without_any_value_the_failure_is_raised_and_the_next_caller_tries_again(source: Source) -> None:
    value = source.refreshing()
    source.failing = unavailable()
    with pytest.raises(grpc.aio.AioRpcError):
        await value.get()
    source.failing = None
    assert await value.get() == 2


async def test_an_initial_value_is_returned_while_loads_fail(source: Source) -> None:
    value = source.refreshing(initial=0)
    source.failing = unavailable()
    assert await value.get() == 0
    assert not value.loaded.is_set()
    source.now, source.failing = RETRY_SECONDS, None
    assert await value.get() == 2
    assert value.loaded.is_set()


async def test_a_caller_that_is_cancelled_does_not_cancel_the_load_for_the_others(source: Source) -> None:
    value = source.refreshing()
    source.open.clear()
    leaving, staying = asyncio.ensure_future(value.get()), asyncio.ensure_future(value.get())
    await asyncio.sleep(0)
    leaving.cancel()
    source.open.set()
    assert await staying == 1


@pytest.mark.parametrize("error", [unavailable(), RuntimeError("unexpected")])
async def test_keeping_fresh_survives_every_failure(source: Source, error: Exception) -> None:
    value = source.refreshing(fresh_seconds=0.01, retry_seconds=0.01)
    source.failing = error
    refreshing = asyncio.create_task(value.keep_fresh())
    await source.loaded.wait()
    assert value.latest is None
    source.failing = None
    async with asyncio.timeout(10):
        await value.loaded.wait()
        loads = source.loads
        source.loaded.clear()
        await source.loaded.wait()
    assert source.loads > loads
    refreshing.cancel()


async def test_only_the_first_of_consecutive_failures_is_logged(
    source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    value = source.refreshing()
    await value.get()
    source.failing = unavailable()
    for second in (FRESH_SECONDS, FRESH_SECONDS + RETRY_SECONDS):
        source.loaded.clear()
        source.now = second
        await value.get()
        await source.loaded.wait()
        await asyncio.sleep(0)
    assert source.loads == 3
    assert [record.message for record in caplog.records] == ["refreshing failed, keeping the last value"]
