"""What the cart service is told by its environment."""

from pydantic import Field, SecretStr

from boutique_shared.settings import HostAndPort, ServiceSettings


class CartSettings(ServiceSettings):
    port: int = Field(default=7070, ge=1, le=65535)
    redis_addr: HostAndPort
    redis_replica_addr: HostAndPort | None = None
    redis_username: str | None = None
    redis_password: SecretStr | None = None
    redis_tls: bool = False
