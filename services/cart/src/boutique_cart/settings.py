"""What the cart service is told by its environment."""

from typing import Self

from pydantic import Field, FilePath, SecretStr, model_validator

from boutique_shared.credentials import CredentialSource, check_credentials, credential_source
from boutique_shared.settings import HostAndPort, SecretArn, ServiceSettings


class CartSettings(ServiceSettings):
    port: int = Field(default=7070, ge=1, le=65535)
    redis_addr: HostAndPort
    redis_replica_addr: HostAndPort | None = None
    redis_username: str | None = None
    redis_password: SecretStr | None = None
    redis_secret: SecretArn | None = None
    redis_tls: bool = Field(default=False, description="With a verified certificate, of the host's name.")
    redis_authority: FilePath | None = Field(
        default=None, description="PEM file of an authority to trust beside the system's (SSL_CERT_FILE)."
    )

    @model_validator(mode="after")
    def _one_source_of_credentials(self) -> Self:
        check_credentials("REDIS", self.redis_username, self.redis_password, self.redis_secret)
        return self

    def credentials(self) -> CredentialSource:
        return credential_source(self.redis_username, self.redis_password, self.redis_secret)
