"""The ad service's process: `python3 -m boutique_ad`."""

import importlib.resources
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from boutique_ad.ads import Ad, read_ads
from boutique_ad.service import AdServicer
from boutique_ad.settings import AdSettings
from boutique_runtime import serving
from hipstershop import shop_pb2, shop_pb2_grpc


@asynccontextmanager
async def open_service(_: AdSettings) -> AsyncIterator[serving.GrpcService]:
    """Opens the ad service."""
    yield serving.GrpcService(
        descriptor=shop_pb2.DESCRIPTOR.services_by_name["AdService"],
        add_to_server=shop_pb2_grpc.add_AdServiceServicer_to_server,
        servicer=AdServicer(_packaged_ads()),
    )


def _packaged_ads() -> tuple[Ad, ...]:
    file = importlib.resources.files("boutique_ad") / "ads.toml"
    try:
        return read_ads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        print(f"{file}: {error}", file=sys.stderr)
        sys.exit(os.EX_CONFIG)


if __name__ == "__main__":
    serving.run("ad", AdSettings, open_service)
