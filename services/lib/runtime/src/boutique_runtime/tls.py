"""TLS to the stores. The certificate must be issued by a trusted CA, for the host that was called."""

import ssl
from pathlib import Path


def verifying_context(ca_certificate: Path | None) -> ssl.SSLContext:
    """Returns a context that trusts the system's CAs (or those of SSL_CERT_FILE) and those of the PEM file."""
    context = ssl.create_default_context()
    if ca_certificate is not None:
        context.load_verify_locations(ca_certificate)
    return context
