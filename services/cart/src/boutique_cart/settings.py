"""What the cart service is told by its environment."""

from pydantic import Field

from boutique_runtime.redis import RedisSettings
from boutique_runtime.settings import ServiceSettings


class CartSettings(ServiceSettings):
    port: int = Field(default=7070, ge=1, le=65535)
    redis: RedisSettings
