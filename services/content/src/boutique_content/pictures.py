"""Pictures by name. Small ones are cached in memory, and revalidated after a while."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from boutique_content.bucket import RESPONSE_TIMEOUT, Bucket, BucketError, BucketResponse, NoSuchPictureError
from boutique_content.conditions import Conditions

FRESH_SECONDS = 30.0
CACHE_BYTES = 16 * 1024 * 1024

_log = logging.getLogger(__name__)


@dataclass
class _CachedPicture:
    headers: Mapping[str, str]
    content: bytes
    fresh_until: float


class Pictures:
    """The pictures of a bucket, with a cache of small ones."""

    def __init__(
        self, bucket: Bucket, *, cache_bytes: int = CACHE_BYTES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Creates an empty cache of at most `cache_bytes`. `clock` returns seconds."""
        self._bucket = bucket
        self._cache_bytes = cache_bytes
        self._clock = clock
        self._cached: dict[str, _CachedPicture] = {}

    async def get(self, name: str, conditions: Conditions) -> BucketResponse:
        """Returns a response with status 200, 206, 304 or 416. Raises NoSuchPictureError and BucketError."""
        if conditions.range is not None:
            part = await self._get_part(name, conditions)
            if part.status != 412:
                return part
        return _unless_known(await self._get_whole(name, conditions), conditions)

    async def _get_part(self, name: str, conditions: Conditions) -> BucketResponse:
        return await self._bucket.get(
            name, if_match=conditions.range_of, if_none_match=_only(conditions.known), range_=conditions.range
        )

    async def _get_whole(self, name: str, conditions: Conditions) -> BucketResponse:
        cached = self._cached.get(name)
        if cached is None:
            return self._cache(name, await self._bucket.get(name, if_none_match=_only(conditions.known)))
        if self._clock() >= cached.fresh_until:
            # One caller revalidates. Meanwhile, and while the bucket is unavailable, the others get what is cached.
            cached.fresh_until = self._clock() + RESPONSE_TIMEOUT
            try:
                response = await self._bucket.get(name, if_none_match=cached.headers["etag"])
            except NoSuchPictureError:
                self._cached.pop(name, None)
                raise
            except BucketError as error:
                _log.warning("serving the cached picture", extra={"picture": name, "reason": str(error)})
            else:
                if response.status != 304:
                    return self._cache(name, response)
                cached.fresh_until = self._clock() + FRESH_SECONDS
        return BucketResponse(200, cached.headers, cached.content)

    def _cache(self, name: str, response: BucketResponse) -> BucketResponse:
        self._cached.pop(name, None)
        if response.status == 200 and isinstance(response.content, bytes) and "etag" in response.headers:
            self._cached[name] = _CachedPicture(response.headers, response.content, self._clock() + FRESH_SECONDS)
            while sum(len(cached.content) for cached in self._cached.values()) > self._cache_bytes:
                del self._cached[next(iter(self._cached))]
        return response


def _only(entity_tags: frozenset[str]) -> str | None:
    """Returns the only entity tag, since S3 takes no more than one. More of them, and "*", are checked here."""
    return next(iter(entity_tags)) if len(entity_tags) == 1 and "*" not in entity_tags else None


def _unless_known(response: BucketResponse, conditions: Conditions) -> BucketResponse:
    if response.status != 200 or conditions.met_by(response.headers.get("etag", "")):
        return response
    response.close()
    return BucketResponse(304, response.headers)
