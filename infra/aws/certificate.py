"""The certificate of the shop's hosts, issued by ACM and validated by records in the zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import acm

from infra.aws import cloudflare

_TTL_SECONDS = 60


@dataclass(frozen=True)
class CertificateArgs:
    """The arguments of a certificate. All `hosts` are in the zone, and different from each other."""

    hosts: Sequence[str]
    zone_id: str


class Certificate(pulumi.ComponentResource):
    """A validated certificate.

    Attributes:
        arn: Known once the certificate is valid, since a listener accepts no other.
    """

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:aws:Certificate", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        first, *others = args.hosts
        certificate = acm.Certificate(
            name,
            domain_name=first,
            subject_alternative_names=others,
            validation_method="DNS",
            opts=child,
        )
        records = [self._create_validation_record(host, certificate, args.zone_id) for host in args.hosts]
        validation = acm.CertificateValidation(
            name,
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.name for record in records],
            opts=child,
        )
        self.arn = validation.certificate_arn
        self.register_outputs({"arn": self.arn})

    def _create_validation_record(self, host: str, certificate: acm.Certificate, zone_id: str) -> cloudflare.DnsRecord:
        """Creates the record that ACM looks for. Each host has one, since a preview must know how many there are."""
        option = certificate.domain_validation_options.apply(lambda options: _option(host, options))
        return cloudflare.DnsRecord(
            f"validation-{host}",
            zone_id=zone_id,
            # ACM writes names and values with a trailing dot, Cloudflare without.
            name=option.apply(lambda found: found.resource_record_name.rstrip(".")),
            type=option.apply(lambda found: found.resource_record_type),
            content=option.apply(lambda found: found.resource_record_value.rstrip(".")),
            ttl=_TTL_SECONDS,
            proxied=False,
            comment="Validates the certificate of the shop",
            opts=pulumi.ResourceOptions(parent=self),
        )


def _option(host: str, options: Sequence[Any]) -> Any:
    return next(option for option in options if option.domain_name == host)
