"""Everything that is in the rehearsal's account and zones, a line each: what a destroy must leave as it was."""

import httpx

from boutique_offline.rehearsal.account.inventory import inventory
from boutique_offline.rehearsal.cloudflare.serving import BASE
from boutique_offline.rehearsal.servers import Servers


def take_inventory(servers: Servers, region: str) -> list[str]:
    """Sorted, such as `ec2 vpc vpc-1a2b3c`."""
    account = [f"{item.service} {item.kind} {item.id}" for item in inventory(servers.aws, region)]
    return sorted([*account, *_cloudflare(servers)])


def _cloudflare(servers: Servers) -> list[str]:
    """Records. Settings are not listed: there is never one more or less of these."""
    headers = {"Authorization": f"Bearer {servers.cloudflare_token}"}
    with httpx.Client(base_url=f"{servers.cloudflare}{BASE}", headers=headers, trust_env=False) as client:
        zones = client.get("/zones").json()["result"]
        return [
            f"cloudflare record {record['type']} {record['name']}"
            for zone in zones
            for record in client.get(f"/zones/{zone['id']}/dns_records", params={"per_page": "500"}).json()["result"]
        ]
