"""The bucket of pictures, by the API of S3."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError

from boutique_content.settings import BucketSettings
from boutique_runtime.deadlines import clamp_to_deadline

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from types_boto3_s3 import S3Client

ANSWER_SECONDS = 5.0
SMALL_BYTES = 256 * 1024
_CONNECT_SECONDS = 1
_SILENCE_SECONDS = 3
_ATTEMPTS = 2
_AT_ONCE = 16
_CHUNK_BYTES = 64 * 1024

# S3 says AccessDenied of a missing object to whoever may not list the bucket, so that nothing is told of what is there.
_MISSING = ("NoSuchKey", "AccessDenied")
_PASSED_ON = ("content-type", "content-encoding", "content-length", "content-range", "etag", "last-modified")


class NoSuchPictureError(Exception):
    """The bucket has no such object, or does not show it."""


class BucketError(Exception):
    """The bucket cannot be read; the message says why, to us alone."""


class BucketTimeoutError(BucketError):
    """The bucket has not begun to answer in time."""


@dataclass(frozen=True)
class Answer:
    """As S3 gave it: status 200, 206, 304, 412 or 416, the headers that are the picture's, and what there is of it.

    A small picture is there as a whole; a big one comes in chunks, read from the bucket as they are taken.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes | Chunks = b""

    def close(self) -> None:
        """Ends the transfer of a content that is not wanted, or not wholly."""
        if isinstance(self.content, Chunks):
            self.content.close()


class Chunks:
    """Bytes from the bucket, read in threads. Raises BucketError when it breaks off."""

    def __init__(self, body: StreamingBody) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body.iter_chunks(_CHUNK_BYTES)
        except BotoCoreError as error:
            raise BucketError(f"the bucket broke off: {error}") from error

    def close(self) -> None:
        self._body.close()


class Bucket:
    def __init__(self, client: S3Client, threads: ThreadPoolExecutor, name: str) -> None:
        self._client = client
        self._threads = threads
        self._name = name

    async def get(
        self, key: str, *, if_match: str | None = None, if_none_match: str | None = None, range_: str | None = None
    ) -> Answer:
        """Raises NoSuchPictureError, and BucketError or BucketTimeoutError within ANSWER_SECONDS."""
        given = {"IfMatch": if_match, "IfNoneMatch": if_none_match, "Range": range_}
        conditions = {name: value for name, value in given.items() if value is not None}
        try:
            async with asyncio.timeout(clamp_to_deadline(ANSWER_SECONDS)):
                return await asyncio.get_running_loop().run_in_executor(self._threads, self._get, key, conditions)
        except (TimeoutError, ConnectTimeoutError, ReadTimeoutError) as error:
            raise BucketTimeoutError(f"the bucket {self._name} does not answer in time") from error
        except BotoCoreError as error:
            raise BucketError(f"the bucket {self._name} cannot be read: {error}") from error
        except ClientError as error:
            return self._refusal(key, error)

    def _get(self, key: str, conditions: Mapping[str, Any]) -> Answer:
        got = self._client.get_object(Bucket=self._name, Key=key, **conditions)
        metadata = got["ResponseMetadata"]
        small = got["ContentLength"] <= SMALL_BYTES
        return Answer(
            metadata["HTTPStatusCode"],
            _of_the_picture(metadata["HTTPHeaders"]),
            got["Body"].read() if small else Chunks(got["Body"]),
        )

    def _refusal(self, key: str, error: ClientError) -> Answer:
        said: Mapping[str, Any] = error.response["Error"]
        metadata = error.response["ResponseMetadata"]
        status = metadata["HTTPStatusCode"]
        if status in (304, 412):
            return Answer(status, _of_the_picture(metadata["HTTPHeaders"]))
        if status == 416:
            size = said.get("ActualObjectSize")
            return Answer(status, {"content-range": f"bytes */{size}"} if size else {})
        if said["Code"] in _MISSING:
            raise NoSuchPictureError(f"{key}: {said['Code']}")
        raise BucketError(f"the bucket {self._name} answers {status} {said['Code']}") from error


@asynccontextmanager
async def open_bucket(settings: BucketSettings) -> AsyncIterator[Bucket]:
    client = botocore.session.get_session().create_client(
        "s3",
        region_name=settings.region,
        endpoint_url=settings.endpoint_url,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key.get_secret_value() if settings.secret_access_key else None,
        config=Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_SILENCE_SECONDS,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            max_pool_connections=_AT_ONCE,
        ),
    )
    threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="bucket")
    try:
        yield Bucket(cast("S3Client", client), threads, settings.bucket)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        client.close()


def _of_the_picture(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in _PASSED_ON if name in headers}
