"""The load generator's settings, read from environment variables."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from boutique_contract.pydantic_types import Identifier
from boutique_runtime.loadtest_settings import LoadTestSettings
from boutique_runtime.settings import HostAndPort

_ORIGINAL_PRODUCTS = (
    "OLJCESPC7Z",
    "66VCHSJNUP",
    "1YMWWN1N4O",
    "L9ECAV7KIM",
    "2ZYFJ3GM2N",
    "0PUK6V6EV0",
    "LS4PSXUNUM",
    "9SIQT8TOJO",
    "6E92ZMYYFZ",
)


def _separated(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


ProductIds = Annotated[
    tuple[Identifier, ...],
    NoDecode,
    BeforeValidator(_separated),
    Field(min_length=1),
]


class LoadSettings(LoadTestSettings):
    """The settings of the load generator."""

    frontend_addr: HostAndPort
    users: int = Field(default=5, ge=1, le=10_000)
    rate: float = Field(default=1, gt=0, le=1_000, description="Users started per second.")
    run_seconds: float = Field(default=3_600, gt=0, description="Maximum duration of a run.")
    run_requests: int | None = Field(default=None, ge=1, description="Maximum number of requests of a run.")
    product_ids: ProductIds = _ORIGINAL_PRODUCTS
