"""Finds and removes a stack's records in its Cloudflare zone.

Source: Cloudflare API v4, DNS records of a zone.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from dev.errors import ActionableError
from infra.config.aws import DnsSettings

_ENDPOINT = "https://api.cloudflare.com/client/v4"
_PATH = "/client/v4"
_VALIDATION_DOMAIN = ".acm-validations.aws"
"""The domain that the record points to which validates a certificate of ACM."""


@dataclass(frozen=True)
class Record:
    """A DNS record."""

    id: str
    type: str
    name: str
    content: str


class Zone:
    """A Cloudflare zone.

    Reads the token from CLOUDFLARE_API_TOKEN. BOUTIQUE_CLOUDFLARE_ENDPOINT overrides the address of the API.

    Raises:
        ActionableError: If CLOUDFLARE_API_TOKEN is not set.
    """

    def __init__(self, settings: DnsSettings, page_size: int = 500) -> None:
        self._settings = settings
        self._page_size = page_size
        if not (token := os.environ.get("CLOUDFLARE_API_TOKEN")):
            raise ActionableError(
                f"CLOUDFLARE_API_TOKEN is not set: it needs permission to edit DNS of {settings.domain}'s zone."
            )
        endpoint = os.environ.get("BOUTIQUE_CLOUDFLARE_ENDPOINT")
        self._client = httpx.Client(
            base_url=f"{endpoint}{_PATH}" if endpoint else _ENDPOINT,
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            trust_env=endpoint is None,
        )

    def records(self, region: str) -> Iterator[Record]:
        """Yields the records that point the stack's hosts to its load balancer or validate its certificate.

        A record that points a host elsewhere belongs to whatever took over the name.

        Raises:
            ActionableError: If Cloudflare rejects the request.
        """
        hosts = {self._settings.host(service) for service in self._settings.hosts}
        for found in self._pages():
            record = Record(found["id"], found["type"], found["name"], found["content"])
            points_to_stack = record.name in hosts and record.content.endswith(f".{region}.elb.amazonaws.com")
            label, _, host = record.name.partition(".")
            validates = label.startswith("_") and host in hosts and record.content.endswith(_VALIDATION_DOMAIN)
            if record.type == "CNAME" and (points_to_stack or validates):
                yield record

    def remove(self, record: Record) -> None:
        """Removes a record. Raises ActionableError if Cloudflare rejects the request."""
        self._ask("DELETE", f"/{record.id}")

    def _pages(self) -> Iterator[Any]:
        page, pages = 1, 1
        while page <= pages:
            answer = self._ask("GET", "", {"page": str(page), "per_page": str(self._page_size)})
            yield from answer["result"]
            pages = answer["result_info"]["total_pages"]
            page += 1

    def _ask(self, method: str, path: str, parameters: dict[str, str] | None = None) -> Any:
        zone = self._settings.zone_id
        try:
            answer = self._client.request(method, f"/zones/{zone}/dns_records{path}", params=parameters)
            content = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ActionableError(f"Cloudflare did not respond for the zone {zone}: {error}") from None
        if not content.get("success"):
            reason = "; ".join(error["message"] for error in content.get("errors") or []) or answer.reason_phrase
            raise ActionableError(f"Cloudflare rejected the request for the zone {zone} (dns.zoneId): {reason}")
        return content
