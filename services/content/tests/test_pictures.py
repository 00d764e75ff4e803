"""Tests which pictures are cached in memory, and for how long."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from boutique_content.bucket import SMALL_BYTES, BucketError, Chunks, NoSuchPictureError, open_bucket
from boutique_content.conditions import Conditions
from boutique_content.pictures import FRESH_SECONDS, Pictures
from boutique_content.settings import BucketSettings
from boutique_development_servers.s3 import BUCKET, S3

MUG = b"<svg><title>Mug</title></svg>"
CUP = b"<svg><title>Cup</title></svg>"


@dataclass
class Clock:
    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def pictures(s3: S3, clock: Clock) -> AsyncIterator[Pictures]:
    async with open_bucket(BucketSettings(bucket=BUCKET, region="eu-central-1")) as bucket:
        yield Pictures(bucket, clock=clock)


async def content(pictures: Pictures, name: str = "mug.svg") -> bytes:
    response = await pictures.get(name, Conditions())
    assert response.status == 200
    assert isinstance(response.content, bytes)
    return response.content


async def test_a_small_picture_is_requested_once_while_it_is_fresh(pictures: Pictures, s3: S3, clock: Clock) -> None:
    s3.put("mug.svg", MUG)
    for _ in range(3):
        assert await content(pictures) == MUG
        clock.seconds += FRESH_SECONDS / 4
    assert len(s3.requests) == 1


async def test_a_picture_that_is_not_fresh_is_revalidated_by_its_entity_tag(
    pictures: Pictures, s3: S3, clock: Clock
) -> None:
    entity_tag = s3.put("mug.svg", MUG)
    await content(pictures)
    clock.seconds += FRESH_SECONDS
    for _ in range(2):
        assert await content(pictures) == MUG
    assert s3.requests[1:] == [("GET /pictures/mug.svg", {"if-none-match": entity_tag})]


async def test_a_changed_picture_is_loaded_once_the_cached_one_is_not_fresh(
    pictures: Pictures, s3: S3, clock: Clock
) -> None:
    s3.put("mug.svg", MUG)
    await content(pictures)
    entity_tag = s3.put("mug.svg", CUP)
    clock.seconds += FRESH_SECONDS
    assert await content(pictures) == CUP
    assert (await pictures.get("mug.svg", Conditions(frozenset({entity_tag})))).status == 304


async def test_a_removed_picture_is_missing_once_the_cached_one_is_not_fresh(
    pictures: Pictures, s3: S3, clock: Clock
) -> None:
    s3.put("mug.svg", MUG)
    await content(pictures)
    s3.delete("mug.svg")
    clock.seconds += FRESH_SECONDS
    for _ in range(2):
        with pytest.raises(NoSuchPictureError):
            await pictures.get("mug.svg", Conditions())


async def test_a_missing_picture_is_found_as_soon_as_the_bucket_has_it(pictures: Pictures, s3: S3) -> None:
    with pytest.raises(NoSuchPictureError):
        await pictures.get("mug.svg", Conditions())
    s3.put("mug.svg", MUG)
    assert await content(pictures) == MUG


async def test_the_cached_picture_is_returned_while_the_bucket_is_unavailable(
    pictures: Pictures, s3: S3, clock: Clock
) -> None:
    s3.put("mug.svg", MUG)
    await content(pictures)
    s3.broken = True
    clock.seconds += FRESH_SECONDS * 100
    assert await content(pictures) == MUG
    asked = len(s3.requests)
    assert await content(pictures) == MUG
    assert len(s3.requests) == asked  # not every visitor waits for a bucket that is away
    with pytest.raises(BucketError):
        await pictures.get("cup.svg", Conditions())


async def test_a_range_of_a_cached_picture_is_requested(pictures: Pictures, s3: S3) -> None:
    s3.put("mug.svg", MUG)
    await content(pictures)
    response = await pictures.get("mug.svg", Conditions(range="bytes=0-3"))
    assert (response.status, response.content) == (206, MUG[:4])
    assert await content(pictures) == MUG


async def test_a_big_picture_is_not_cached(pictures: Pictures, s3: S3) -> None:
    s3.put("big.svg", b"x" * (SMALL_BYTES + 1))
    for _ in range(2):
        response = await pictures.get("big.svg", Conditions())
        assert isinstance(response.content, Chunks)
        response.close()
    assert len(s3.requests) == 2


async def test_a_big_picture_that_the_client_has_is_not_sent(pictures: Pictures, s3: S3) -> None:
    entity_tag = s3.put("big.svg", b"x" * (SMALL_BYTES + 1))
    for known in ({entity_tag}, {entity_tag, '"other"'}):
        response = await pictures.get("big.svg", Conditions(frozenset(known)))
        assert (response.status, response.headers["etag"], response.content) == (304, entity_tag, b"")


async def test_the_cache_drops_the_oldest_pictures_beyond_its_size(s3: S3) -> None:
    async with open_bucket(BucketSettings(bucket=BUCKET, region="eu-central-1")) as bucket:
        pictures = Pictures(bucket, cache_bytes=2 * len(MUG))
        for name in ("a.svg", "b.svg", "c.svg"):
            s3.put(name, MUG)
            await content(pictures, name)
        s3.requests.clear()
        for name in ("c.svg", "b.svg", "a.svg"):
            await content(pictures, name)
    assert [request for request, _ in s3.requests] == ["GET /pictures/a.svg"]
