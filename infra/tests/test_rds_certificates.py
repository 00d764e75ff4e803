"""The certificate authorities of RDS."""

import ssl
import time
from typing import Any

import pytest

from infra.rds_certificates import REGIONS, ca_certificate


def certificates(region: str) -> list[Any]:
    """Returns the CA certificates in the region's file, as Python reads them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=ca_certificate(region))
    return context.get_ca_certs()


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_has_one_ca_of_its_own_that_is_valid_for_years(region: str) -> None:
    (certificate,) = certificates(region)

    subject = {key: value for ((key, value),) in certificate["subject"]}
    assert subject["organizationName"] == "Amazon Web Services, Inc."
    assert subject["commonName"] == f"Amazon RDS {region} Root CA RSA2048 G1"
    assert certificate["subject"] == certificate["issuer"]
    ten_years = 10 * 365 * 24 * 60 * 60
    assert ssl.cert_time_to_seconds(certificate["notBefore"]) < time.time()
    assert ssl.cert_time_to_seconds(certificate["notAfter"]) > time.time() + ten_years


def test_a_file_contains_only_its_certificate() -> None:
    for region in REGIONS:
        text = ca_certificate(region)
        assert text.startswith("-----BEGIN CERTIFICATE-----\n")
        assert text.endswith("-----END CERTIFICATE-----\n")
        assert text.count("-----BEGIN") == 1


def test_an_unknown_region_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"must be one of af-south-1, .*, us-west-2"):
        ca_certificate("eu-central-9")
