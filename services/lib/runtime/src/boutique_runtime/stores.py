"""The settings of a store that a service logs in to.

A service nests them in a field whose name is the prefix of the variables: `redis` reads REDIS_ADDR and so on.
"""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, FilePath, SecretStr, model_validator

from boutique_runtime.credentials import Credentials, CredentialSource, FixedCredentials, SecretCredentials
from boutique_runtime.settings import HostAndPort, SecretArn


class StoreSettings(BaseModel):
    """Addresses of a primary and perhaps a read replica, and either a password or a secret of AWS Secrets Manager."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    addr: HostAndPort
    replica_addr: HostAndPort | None = None
    username: str | None = None
    password: SecretStr | None = None
    secret: SecretArn | None = None
    tls: bool = Field(default=False, description="With a verified certificate, issued for the host's name.")
    ca_certificate: FilePath | None = Field(
        default=None, description="PEM file of a CA to trust in addition to the system's (SSL_CERT_FILE)."
    )

    @model_validator(mode="after")
    def _one_login(self) -> Self:
        if (self.password is None) == (self.secret is None):
            raise ValueError("set exactly one of *_PASSWORD and *_SECRET")
        if self.password is not None and self.username is None:
            raise ValueError("set *_USERNAME as well as *_PASSWORD")
        return self

    def credentials(self) -> CredentialSource:
        """Returns the source of credentials. A secret also contains the user name."""
        if self.secret is not None:
            return SecretCredentials(self.secret)
        return FixedCredentials(
            Credentials(self.username or "", self.password.get_secret_value() if self.password else "")
        )
