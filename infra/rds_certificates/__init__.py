"""The certificate authorities of RDS, a PEM file for each region. No public trust store has them.

AWS publishes these certificates at truststore.pki.rds.amazonaws.com. Each file holds only that of rds-ca-rsa2048-g1,
since every database here uses that one.
"""

from collections.abc import Sequence
from pathlib import Path

CA_IDENTIFIER = "rds-ca-rsa2048-g1"
"""RDS' name for the certificate authority, in every region."""

_FILES = Path(__file__).parent

REGIONS: Sequence[str] = sorted(file.stem for file in _FILES.glob("*.pem"))


def check_region(region: str) -> str:
    """Returns the region itself. Raises ValueError for a region without a file here."""
    if region not in REGIONS:
        raise ValueError(f"must be one of {', '.join(REGIONS)}")
    return region


def ca_certificate(region: str) -> str:
    """Returns the region's certificate as PEM. Raises ValueError for a region without a file here."""
    return (_FILES / f"{check_region(region)}.pem").read_text()
