"""The shop's host names in Cloudflare, which is in front of the load balancer and uses TLS on both sides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from infra.aws import cloudflare

ZONE_SETTINGS: Mapping[str, str] = {"ssl": "strict", "always_use_https": "on", "min_tls_version": "1.2"}
"""Source: Cloudflare API, zone settings. Strict: Cloudflare verifies the load balancer's certificate."""

_AUTOMATIC = 1
"""The only TTL that a proxied record may have."""


@dataclass(frozen=True)
class DnsArgs:
    """The arguments of the host names.

    Args:
        target: The DNS name of the load balancer.
        owns_zone: Whether the stack's domain is the whole zone, so that it sets the zone's settings. They apply to
            every host in the zone, including those of other stacks. A shared zone must have them already: without
            "strict" the load balancer's certificate is not verified, and without "always_use_https" http:// leads to a
            closed port. A destroy does not change the settings.
    """

    zone_id: str
    hosts: Sequence[str]
    target: pulumi.Input[str]
    owns_zone: bool


class Dns(pulumi.ComponentResource):
    """The proxied records of the hosts and, in a zone of the stack's own, the zone's settings."""

    def __init__(self, name: str, args: DnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:aws:Dns", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        for host in args.hosts:
            cloudflare.DnsRecord(
                host,
                zone_id=args.zone_id,
                name=host,
                type="CNAME",
                content=args.target,
                ttl=_AUTOMATIC,
                proxied=True,
                comment="The shop",
                opts=child,
            )
        if args.owns_zone:
            for setting, value in ZONE_SETTINGS.items():
                cloudflare.ZoneSetting(setting, zone_id=args.zone_id, setting_id=setting, value=value, opts=child)
        self.register_outputs({})
