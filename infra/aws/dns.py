"""The shop's names in Cloudflare, which stands before the load balancer and speaks TLS to both sides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from infra.aws import cloudflare

ZONE_SETTINGS: Mapping[str, str] = {"ssl": "strict", "always_use_https": "on", "min_tls_version": "1.2"}
"""Source: Cloudflare API, zone settings. Strict: the load balancer's certificate is verified."""

_AUTOMATIC = 1
"""The only time to live that a proxied record may have."""


@dataclass(frozen=True)
class DnsArgs:
    """`target` is the load balancer's name.

    A zone's settings are those of every host in it, so only a stack that `owns_zone` sets them: in a zone that it
    shares, somebody else's environment would change with it. There the zone must be so already: without "strict" the
    load balancer's certificate is not verified, and without "always_use_https" http:// is led to a port that is closed.
    A destroy leaves the settings as they are.
    """

    zone_id: str
    hosts: Sequence[str]
    target: pulumi.Input[str]
    owns_zone: bool


class Dns(pulumi.ComponentResource):
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
