"""The certificate of the shop's hosts, and its validation records."""

from typing import Any

import pytest

from infra.aws.certificate import Certificate, CertificateArgs
from infra.tests.conftest import Graph, Graphed, resolved

HOSTS = ["shop.example.com", "admin.example.com", "pay.example.com"]
ZONE = "023e105f4ecef8ad9ca31a8372d0c353"


def certificate() -> Certificate:
    return Certificate("certificate", CertificateArgs(HOSTS, ZONE))


@pytest.fixture(scope="module")
def graph(graphed: Graphed) -> Graph:
    return graphed(certificate)


@pytest.fixture(scope="module")
def records(graph: Graph) -> dict[str, dict[str, Any]]:
    return graph.of_type("cloudflare:index/dnsRecord:DnsRecord")


def test_one_certificate_is_for_all_hosts(graph: Graph) -> None:
    (inputs,) = graph.of_type("aws:acm/certificate:Certificate").values()
    assert (inputs["domainName"], inputs["subjectAlternativeNames"]) == (HOSTS[0], HOSTS[1:])
    assert inputs["validationMethod"] == "DNS"


def test_each_host_has_its_own_validation_record_in_any_order(
    records: dict[str, dict[str, Any]],
) -> None:
    assert {name: (record["name"], record["content"]) for name, record in records.items()} == {
        f"validation-{host}": (f"_proof.{host}", f"_{host.replace('.', '-')}.acm-validations.aws") for host in HOSTS
    }


def test_validation_records_are_not_proxied(records: dict[str, dict[str, Any]]) -> None:
    assert {(record["type"], record["proxied"], record["zoneId"]) for record in records.values()} == {
        ("CNAME", False, ZONE)
    }


def test_the_arn_is_known_once_every_host_is_validated(graph: Graph, graphed: Graphed) -> None:
    (validation,) = graph.of_type("aws:acm/certificateValidation:CertificateValidation").values()
    assert validation["validationRecordFqdns"] == [f"_proof.{host}" for host in HOSTS]
    assert resolved(graphed, lambda: [certificate().arn]) == ["certificate.arn"]
