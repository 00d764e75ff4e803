"""The authority that signs the certificates of RDS, a file a region: no public trust store has it.

AWS publishes these certificates at truststore.pki.rds.amazonaws.com. Of each region it is rds-ca-rsa2048-g1 alone,
since every database here is told to use that one.
"""

from collections.abc import Sequence
from pathlib import Path

IDENTIFIER = "rds-ca-rsa2048-g1"
"""What RDS calls the authority, in every region."""

_FILES = Path(__file__).parent

REGIONS: Sequence[str] = sorted(file.stem for file in _FILES.glob("*.pem"))


def check_region(region: str) -> str:
    """Answers the region itself. Raises ValueError where no file is here for it."""
    if region not in REGIONS:
        raise ValueError(f"must be one of {', '.join(REGIONS)}")
    return region


def root_certificate(region: str) -> str:
    """As PEM. Raises ValueError as `check_region` does."""
    return (_FILES / f"{check_region(region)}.pem").read_text()
