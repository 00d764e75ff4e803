"""The certificate of the shop's hosts, and the records that prove these to be ours."""

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
    (made,) = graph.of_type("aws:acm/certificate:Certificate").values()
    assert (made["domainName"], made["subjectAlternativeNames"]) == (HOSTS[0], HOSTS[1:])
    assert made["validationMethod"] == "DNS"


def test_each_host_is_proven_by_its_own_record_whatever_the_order_of_acms_answer(
    records: dict[str, dict[str, Any]],
) -> None:
    assert {name: (record["name"], record["content"]) for name, record in records.items()} == {
        f"validation-{host}": (f"_proof.{host}", f"_{host.replace('.', '-')}.acm-validations.aws") for host in HOSTS
    }


def test_acm_sees_the_records_themselves_and_not_cloudflares_addresses(records: dict[str, dict[str, Any]]) -> None:
    assert {(record["type"], record["proxied"], record["zoneId"]) for record in records.values()} == {
        ("CNAME", False, ZONE)
    }


def test_the_certificate_is_told_only_once_every_host_is_proven(graph: Graph, graphed: Graphed) -> None:
    (validation,) = graph.of_type("aws:acm/certificateValidation:CertificateValidation").values()
    assert validation["validationRecordFqdns"] == [f"_proof.{host}" for host in HOSTS]
    assert resolved(graphed, lambda: [certificate().arn]) == ["certificate.arn"]
