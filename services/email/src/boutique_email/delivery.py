"""Delivery of a mail to an SMTP server, or to the log if there is no server."""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

import aiosmtplib

from boutique_email.confirmation import masked
from boutique_email.rendering import Mail
from boutique_email.settings import EmailSettings

TIMEOUT_SECONDS = 20.0

Deliver = Callable[[Mail], Awaitable[None]]
"""Delivers a mail. Raises DeliveryError."""

_log = logging.getLogger(__name__)


class DeliveryError(Exception):
    """A mail was not accepted. If `final`, another attempt would fail too. The message has no address."""

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.final = final


def delivery(settings: EmailSettings) -> Deliver:
    """Returns the delivery that the settings specify."""
    return deliver_to_log if settings.smtp_addr is None else _smtp_delivery(settings, settings.smtp_addr)


async def deliver_to_log(mail: Mail) -> None:
    """Logs that there is a mail, but not its content."""
    _log.info("delivered to log", extra={"order_id": mail.order_id, "to": masked(mail.recipient)})


def _smtp_delivery(settings: EmailSettings, address: str) -> Deliver:
    host, _, port = address.rpartition(":")

    async def deliver(mail: Mail) -> None:
        try:
            await aiosmtplib.send(
                compose(mail, settings.sender),
                hostname=host,
                port=int(port),
                username=settings.smtp_username,
                password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
                use_tls=settings.smtp_tls == "implicit",
                start_tls=settings.smtp_tls == "starttls",
                timeout=TIMEOUT_SECONDS,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryError(_reason(error), final=_is_final(error)) from None
        _log.info("delivered", extra={"order_id": mail.order_id, "to": masked(mail.recipient)})

    return deliver


def compose(mail: Mail, sender: Address) -> EmailMessage:
    """Returns the message to send. It has two alternatives; a mail reader shows the last one that it can."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = datetime.now(UTC)
    # The same at every attempt, so that a receiver recognises a mail whose acknowledgement was lost. An identifier may
    # contain a colon, which a message id may not.
    message["Message-ID"] = f"<{mail.order_id.replace(':', '-')}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def _reason(error: Exception) -> str:
    # A server's own message may contain the address.
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return f"recipient refused with {error.recipients[0].code}"
        case aiosmtplib.SMTPResponseException():
            return f"{type(error).__name__} with {error.code}"
        case _:
            return type(error).__name__


def _is_final(error: Exception) -> bool:
    # RFC 5321, 4.2.1: a request is not repeated after a 5yz reply. One to a login is for the operator to fix.
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return error.recipients[0].code >= 500
        case aiosmtplib.SMTPSenderRefused() | aiosmtplib.SMTPDataError():
            return error.code >= 500
        case _:
            return False
