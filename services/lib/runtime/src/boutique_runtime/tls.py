"""TLS to the stores: certificates are verified, by whom they are and that they are of the host that was called."""

import ssl
from pathlib import Path


def verifying_context(authority: Path | None) -> ssl.SSLContext:
    """Trusts the system's authorities (those of SSL_CERT_FILE where it is set) and, beside them, the PEM file's."""
    context = ssl.create_default_context()
    if authority is not None:
        context.load_verify_locations(authority)
    return context
