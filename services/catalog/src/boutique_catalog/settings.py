"""The settings of the catalog service."""

from pydantic import Field

from boutique_runtime.postgres import PostgresSettings
from boutique_runtime.settings import ServiceSettings


class CatalogSettings(ServiceSettings):
    """Reads the catalog service's environment variables."""

    port: int = Field(default=3550, ge=1, le=65535)
    product_data: PostgresSettings
    cache_seconds: float = Field(
        default=10, ge=0.1, le=3600, description="The time until every client sees a change in Postgres."
    )
