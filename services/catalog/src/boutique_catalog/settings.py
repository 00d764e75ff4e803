"""What the catalog service is told by its environment."""

from pydantic import Field

from boutique_runtime.postgres import PostgresSettings
from boutique_runtime.settings import ServiceSettings


class CatalogSettings(ServiceSettings):
    port: int = Field(default=3550, ge=1, le=65535)
    product_data: PostgresSettings
    cache_seconds: float = Field(
        default=10, ge=0.1, le=3600, description="The time until a change in Postgres is seen by everyone."
    )
