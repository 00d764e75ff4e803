"""The settings of the email service."""

from email.headerregistry import Address
from email.policy import SMTP
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, InstanceOf, SecretStr, model_validator

from boutique_runtime.settings import HostAndPort, ServiceSettings


def _one_mailbox(value: object) -> object:
    if isinstance(value, str):
        header: Any = SMTP.header_factory("From", value)
        if header.defects or len(header.addresses) != 1:
            raise ValueError("must be one mailbox, such as Boutique <orders@boutique.example>")
        return header.addresses[0]
    return value


Mailbox = Annotated[InstanceOf[Address], BeforeValidator(_one_mailbox)]


class EmailSettings(ServiceSettings):
    """Reads the email service's environment variables.

    With `smtp_tls` set to `starttls` or `implicit`, a server without a valid certificate is refused.
    """

    sender: Mailbox = Address("Boutique", "orders", "boutique.example")
    product_catalog_service_addr: HostAndPort | None = None
    smtp_addr: HostAndPort | None = None
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_tls: Literal["starttls", "implicit", "off"] = "starttls"

    @model_validator(mode="after")
    def _check_credentials(self) -> Self:
        if (self.smtp_username is None) != (self.smtp_password is None):
            raise ValueError("set both SMTP_USERNAME and SMTP_PASSWORD, or neither")
        if self.smtp_username is not None and self.smtp_tls == "off":
            raise ValueError("SMTP_TLS: must not be off if SMTP_USERNAME is set, since a password needs TLS")
        return self
