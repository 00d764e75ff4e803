"""What the cart service is told by its environment."""

from pydantic import Field

from boutique_runtime.redis import RedisSettings


class CartSettings(RedisSettings):
    port: int = Field(default=7070, ge=1, le=65535)
