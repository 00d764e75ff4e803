"""What the catalog service is told by its environment."""

from pydantic import Field, SecretStr

from boutique_shared.settings import HostAndPort, ServiceSettings


class CatalogSettings(ServiceSettings):
    port: int = Field(default=3550, ge=1, le=65535)
    product_data_addr: HostAndPort
    product_data_replica_addr: HostAndPort | None = None
    product_data_database: str
    product_data_username: str
    product_data_password: SecretStr | None = None
    product_data_tls: bool = Field(
        default=False, description="With a verified certificate; SSL_CERT_FILE adds an authority."
    )
    cache_seconds: float = Field(
        default=10, ge=0.1, le=3600, description="The time until a change in Postgres is seen by everyone."
    )
