"""A value that is kept for a few seconds."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from boutique_frontend.cached import RETRY_SECONDS, STALE_SECONDS, Cached


class Source:
    """Answers 1, 2, 3, … each time that it is let; fails while it is told to."""

    def __init__(self) -> None:
        self.loads = 0
        self.failing = False
        self.open = asyncio.Event()
        self.open.set()
        self.loaded = asyncio.Event()
        self.now = 0.0

    async def load(self) -> int:
        await self.open.wait()
        self.loads += 1
        self.loaded.set()
        if self.failing:
            raise grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), grpc.aio.Metadata())
        return self.loads

    def cached(self) -> Cached[int]:
        return Cached(self.load, fresh_seconds=5, clock=lambda: self.now)


@pytest.fixture
async def source() -> Source:
    return Source()


async def test_a_fresh_value_is_loaded_once(source: Source) -> None:
    cached = source.cached()
    assert set(await asyncio.gather(cached.get(), cached.get())) == {1}
    source.now = 4.9
    assert await cached.get() == 1


async def test_an_older_value_is_answered_while_it_is_loaded_anew(source: Source) -> None:
    cached = source.cached()
    await cached.get()
    source.loaded.clear()
    source.now = 5
    assert await cached.get() == 1
    await source.loaded.wait()
    assert await cached.get() == 2


async def test_a_stale_value_is_not_answered_while_the_source_is_there(source: Source) -> None:
    cached = source.cached()
    await cached.get()
    source.now = STALE_SECONDS
    assert await cached.get() == 2


async def test_a_stale_value_is_better_than_none_while_the_source_fails(source: Source) -> None:
    cached = source.cached()
    await cached.get()
    source.now, source.failing = STALE_SECONDS, True
    assert await cached.get() == 1
    assert await cached.get() == 1
    assert source.loads == 2, "a source that fails is not asked by everyone"
    source.now, source.failing = STALE_SECONDS + RETRY_SECONDS, False
    assert await cached.get() == 3


async def test_one_caller_alone_waits_for_a_source_that_hangs(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    cached = source.cached()
    await cached.get()
    source.open.clear()
    source.now = STALE_SECONDS
    monkeypatch.setattr("boutique_frontend.cached.PATIENCE_SECONDS", 0.01)
    assert await cached.get() == 1
    monkeypatch.setattr("boutique_frontend.cached.PATIENCE_SECONDS", None)
    async with asyncio.timeout(10):
        assert await cached.get() == 1
    source.open.set()


async def test_where_nothing_was_ever_loaded_the_failure_is_told_and_the_next_caller_tries_again(
    source: Source,
) -> None:
    cached = source.cached()
    source.failing = True
    with pytest.raises(grpc.aio.AioRpcError):
        await cached.get()
    source.failing = False
    assert await cached.get() == 2


async def test_a_caller_that_goes_away_does_not_take_the_load_away_from_the_others(source: Source) -> None:
    cached = source.cached()
    source.open.clear()
    leaving, staying = asyncio.ensure_future(cached.get()), asyncio.ensure_future(cached.get())
    await asyncio.sleep(0)
    leaving.cancel()
    source.open.set()
    assert await staying == 1
