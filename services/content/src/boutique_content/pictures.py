"""Pictures by their names: small ones are kept in memory, and asked for anew only when they were kept for a while."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from boutique_content.bucket import ANSWER_SECONDS, Answer, Bucket, BucketError, NoSuchPictureError
from boutique_content.conditions import Conditions

FRESH_SECONDS = 30.0
_KEPT_BYTES = 16 * 1024 * 1024

_log = logging.getLogger(__name__)


@dataclass
class _Kept:
    headers: Mapping[str, str]
    content: bytes
    fresh_until: float


class Pictures:
    def __init__(self, bucket: Bucket, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds."""
        self._bucket = bucket
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    async def get(self, name: str, conditions: Conditions) -> Answer:
        """Status 200, 206, 304 or 416. Raises NoSuchPictureError and BucketError."""
        if conditions.range is not None:
            part = await self._get_part(name, conditions)
            if part.status != 412:
                return part
        return _unless_known(await self._get_whole(name, conditions), conditions)

    async def _get_part(self, name: str, conditions: Conditions) -> Answer:
        return await self._bucket.get(
            name, if_match=conditions.range_of, if_none_match=_only(conditions.known), range_=conditions.range
        )

    async def _get_whole(self, name: str, conditions: Conditions) -> Answer:
        kept = self._kept.get(name)
        if kept is None:
            return self._keep(name, await self._bucket.get(name, if_none_match=_only(conditions.known)))
        if self._clock() >= kept.fresh_until:
            # One asks; meanwhile, and while the bucket is away, the others go on with what there is.
            kept.fresh_until = self._clock() + ANSWER_SECONDS
            try:
                answer = await self._bucket.get(name, if_none_match=kept.headers["etag"])
            except NoSuchPictureError:
                self._kept.pop(name, None)
                raise
            except BucketError as error:
                _log.warning("going on with the picture read last", extra={"picture": name, "reason": str(error)})
            else:
                if answer.status != 304:
                    return self._keep(name, answer)
                kept.fresh_until = self._clock() + FRESH_SECONDS
        return Answer(200, kept.headers, kept.content)

    def _keep(self, name: str, answer: Answer) -> Answer:
        self._kept.pop(name, None)
        if answer.status == 200 and isinstance(answer.content, bytes) and "etag" in answer.headers:
            self._kept[name] = _Kept(answer.headers, answer.content, self._clock() + FRESH_SECONDS)
            while sum(len(kept.content) for kept in self._kept.values()) > _KEPT_BYTES:
                del self._kept[next(iter(self._kept))]
        return answer


def _only(entity_tags: frozenset[str]) -> str | None:
    """S3 takes one entity tag; of more, and of any, we find out ourselves."""
    return next(iter(entity_tags)) if len(entity_tags) == 1 and "*" not in entity_tags else None


def _unless_known(answer: Answer, conditions: Conditions) -> Answer:
    if answer.status != 200 or conditions.met_by(answer.headers.get("etag", "")):
        return answer
    answer.close()
    return Answer(304, answer.headers)
