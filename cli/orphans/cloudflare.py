"""The stack's records in its Cloudflare zone. Source: Cloudflare API v4, DNS records of a zone."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from dev.errors import ActionableError
from infra.config.aws import DnsSettings

_ENDPOINT = "https://api.cloudflare.com/client/v4"
_PATH = "/client/v4"
_PAGE = 500
_TIMEOUT = 30.0  # seconds
_VALIDATES = ".acm-validations.aws"
"""Where a record leads that proves to ACM who has the name."""


@dataclass(frozen=True)
class Record:
    id: str
    type: str
    name: str
    content: str


class Zone:
    """With the token of CLOUDFLARE_API_TOKEN; BOUTIQUE_CLOUDFLARE_ENDPOINT may say where Cloudflare answers."""

    def __init__(self, settings: DnsSettings) -> None:
        self._settings = settings
        if not (token := os.environ.get("CLOUDFLARE_API_TOKEN")):
            raise ActionableError(
                f"CLOUDFLARE_API_TOKEN is not set: a token that may edit DNS of {settings.domain}'s zone."
            )
        endpoint = os.environ.get("BOUTIQUE_CLOUDFLARE_ENDPOINT")
        self._client = httpx.Client(
            base_url=f"{endpoint}{_PATH}" if endpoint else _ENDPOINT,
            headers={"Authorization": f"Bearer {token}"},
            timeout=_TIMEOUT,
            trust_env=endpoint is None,
        )

    def records(self, region: str) -> Iterator[Record]:
        """Those of the stack's hosts that lead to its load balancer, and those that validate its certificate.

        A host's record that leads elsewhere is somebody's who took the name over. Raises ActionableError.
        """
        hosts = {self._settings.host(service) for service in self._settings.hosts}
        for found in self._pages():
            record = Record(found["id"], found["type"], found["name"], found["content"])
            leads = record.name in hosts and record.content.endswith(f".{region}.elb.amazonaws.com")
            label, _, host = record.name.partition(".")
            validates = label.startswith("_") and host in hosts and record.content.endswith(_VALIDATES)
            if record.type == "CNAME" and (leads or validates):
                yield record

    def remove(self, record: Record) -> None:
        self._ask("DELETE", f"/{record.id}")

    def _pages(self) -> Iterator[Any]:
        page, pages = 1, 1
        while page <= pages:
            answer = self._ask("GET", "", {"page": str(page), "per_page": str(_PAGE)})
            yield from answer["result"]
            pages = answer["result_info"]["total_pages"]
            page += 1

    def _ask(self, method: str, path: str, parameters: dict[str, str] | None = None) -> Any:
        zone = self._settings.zone_id
        try:
            answer = self._client.request(method, f"/zones/{zone}/dns_records{path}", params=parameters)
            content = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ActionableError(f"Cloudflare does not answer for the zone {zone}: {error}") from None
        if not content.get("success"):
            told = "; ".join(error["message"] for error in content.get("errors") or []) or answer.reason_phrase
            raise ActionableError(f"Cloudflare refuses, for the zone {zone} (dns.zoneId): {told}")
        return content
