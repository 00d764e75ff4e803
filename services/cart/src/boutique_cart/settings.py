"""The settings of the cart service."""

from pydantic import Field

from boutique_runtime.redis import RedisSettings
from boutique_runtime.settings import ServiceSettings


class CartSettings(ServiceSettings):
    """Reads the cart service's environment variables."""

    port: int = Field(default=7070, ge=1, le=65535)
    redis: RedisSettings
