"""Runs the content service: `python3 -m boutique_content`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from boutique_content.application import create_application
from boutique_content.bucket import open_bucket
from boutique_content.pictures import Pictures
from boutique_content.settings import ContentSettings
from boutique_runtime import http_serving


@asynccontextmanager
async def open_application(settings: ContentSettings) -> AsyncIterator[http_serving.Application]:
    """Opens the bucket and yields the application."""
    async with open_bucket(settings.pictures) as bucket:
        yield create_application(Pictures(bucket))


if __name__ == "__main__":
    http_serving.run("content", ContentSettings, open_application)
