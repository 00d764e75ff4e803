"""The bucket of pictures, read by the S3 API."""

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

RESPONSE_TIMEOUT = 5.0
SMALL_BYTES = 256 * 1024
_CONNECT_TIMEOUT = 1
_READ_TIMEOUT = 3
_ATTEMPTS = 2
_CONCURRENT_REQUESTS = 16
_CHUNK_BYTES = 64 * 1024

# Without permission to list the bucket, S3 reports a missing object as AccessDenied.
_MISSING = ("NoSuchKey", "AccessDenied")
_PICTURE_HEADERS = ("content-type", "content-encoding", "content-length", "content-range", "etag", "last-modified")


class NoSuchPictureError(Exception):
    """Raised if the bucket has no such object, or does not allow reading it."""


class BucketError(Exception):
    """Raised if the bucket cannot be read. The message is meant for the log only."""


class BucketTimeoutError(BucketError):
    """Raised if the bucket did not start to respond in time."""


@dataclass(frozen=True)
class BucketResponse:
    """S3's status (200, 206, 304, 412 or 416), the picture's headers, and its content.

    A small picture is complete. A big one has chunks, which are read from the bucket as they are consumed.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes | Chunks = b""

    def close(self) -> None:
        """Ends the transfer of content that is not needed."""
        if isinstance(self.content, Chunks):
            self.content.close()


class Chunks:
    """Content of a picture, read from the bucket in threads. Raises BucketError if the transfer breaks off."""

    def __init__(self, body: StreamingBody) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body.iter_chunks(_CHUNK_BYTES)
        except BotoCoreError as error:
            raise BucketError(f"the transfer broke off: {error}") from error

    def close(self) -> None:
        """Ends the transfer."""
        self._body.close()


class Bucket:
    """A bucket on S3, read in threads."""

    def __init__(self, client: S3Client, threads: ThreadPoolExecutor, name: str) -> None:
        self._client = client
        self._threads = threads
        self._name = name

    async def get(
        self, key: str, *, if_match: str | None = None, if_none_match: str | None = None, range_: str | None = None
    ) -> BucketResponse:
        """Raises NoSuchPictureError, or BucketError and BucketTimeoutError within RESPONSE_TIMEOUT seconds."""
        headers = {"IfMatch": if_match, "IfNoneMatch": if_none_match, "Range": range_}
        conditions = {name: value for name, value in headers.items() if value is not None}
        try:
            async with asyncio.timeout(clamp_to_deadline(RESPONSE_TIMEOUT)):
                return await asyncio.get_running_loop().run_in_executor(self._threads, self._get, key, conditions)
        except (TimeoutError, ConnectTimeoutError, ReadTimeoutError) as error:
            raise BucketTimeoutError(f"the bucket {self._name} did not respond in time") from error
        except BotoCoreError as error:
            raise BucketError(f"the bucket {self._name} cannot be read: {error}") from error
        except ClientError as error:
            return self._refusal(key, error)

    def _get(self, key: str, conditions: Mapping[str, Any]) -> BucketResponse:
        got = self._client.get_object(Bucket=self._name, Key=key, **conditions)
        metadata = got["ResponseMetadata"]
        small = got["ContentLength"] <= SMALL_BYTES
        return BucketResponse(
            metadata["HTTPStatusCode"],
            _picture_headers(metadata["HTTPHeaders"]),
            got["Body"].read() if small else Chunks(got["Body"]),
        )

    def _refusal(self, key: str, error: ClientError) -> BucketResponse:
        details: Mapping[str, Any] = error.response["Error"]
        metadata = error.response["ResponseMetadata"]
        status = metadata["HTTPStatusCode"]
        if status in (304, 412):
            return BucketResponse(status, _picture_headers(metadata["HTTPHeaders"]))
        if status == 416:
            size = details.get("ActualObjectSize")
            return BucketResponse(status, {"content-range": f"bytes */{size}"} if size else {})
        if details["Code"] in _MISSING:
            raise NoSuchPictureError(f"{key}: {details['Code']}")
        raise BucketError(f"the bucket {self._name} responded with {status} {details['Code']}") from error


@asynccontextmanager
async def open_bucket(settings: BucketSettings) -> AsyncIterator[Bucket]:
    """Yields the bucket. Without keys in the settings, botocore finds the pod's own credentials."""
    client = botocore.session.get_session().create_client(
        "s3",
        region_name=settings.region,
        endpoint_url=settings.endpoint_url,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key.get_secret_value() if settings.secret_access_key else None,
        config=Config(
            connect_timeout=_CONNECT_TIMEOUT,
            read_timeout=_READ_TIMEOUT,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            max_pool_connections=_CONCURRENT_REQUESTS,
        ),
    )
    threads = ThreadPoolExecutor(_CONCURRENT_REQUESTS, thread_name_prefix="bucket")
    try:
        yield Bucket(cast("S3Client", client), threads, settings.bucket)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        client.close()


def _picture_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in _PICTURE_HEADERS if name in headers}
