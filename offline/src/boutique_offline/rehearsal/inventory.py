"""Lists everything in the emulated account and its zones, which must be the same before `up` and after `down`."""

import httpx

from boutique_offline.rehearsal.account.inventory import inventory
from boutique_offline.rehearsal.cloudflare.serving import BASE
from boutique_offline.rehearsal.servers import Servers


def take_inventory(servers: Servers, region: str) -> list[str]:
    """Returns sorted lines such as `ec2 vpc vpc-1a2b3c`."""
    account = [f"{item.service} {item.kind} {item.id}" for item in inventory(servers.aws, region)]
    return sorted([*account, *_cloudflare(servers)])


def _cloudflare(servers: Servers) -> list[str]:
    """Returns a line for each DNS record. Settings are not listed, since they always exist."""
    headers = {"Authorization": f"Bearer {servers.cloudflare_token}"}
    with httpx.Client(base_url=f"{servers.cloudflare}{BASE}", headers=headers, trust_env=False) as client:
        zones = client.get("/zones").json()["result"]
        return [
            f"cloudflare record {record['type']} {record['name']}"
            for zone in zones
            for record in client.get(f"/zones/{zone['id']}/dns_records", params={"per_page": "500"}).json()["result"]
        ]
