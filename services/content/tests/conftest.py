"""The content service, in front of a fake bucket."""

from collections.abc import AsyncIterator

import httpx
import pytest

from boutique_content.__main__ import open_application
from boutique_content.settings import BucketSettings, ContentSettings
from boutique_development_servers.s3 import BUCKET, S3
from boutique_runtime.http_serving import Application, with_request_scope


@pytest.fixture
async def application(s3: S3) -> AsyncIterator[Application]:
    async with open_application(
        ContentSettings(pictures=BucketSettings(bucket=BUCKET, region="eu-central-1"))
    ) as opened:
        yield with_request_scope(opened)


@pytest.fixture
async def client(application: Application) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application), base_url="http://content.test"
    ) as connected:
        yield connected
