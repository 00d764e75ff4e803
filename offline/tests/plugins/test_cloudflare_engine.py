"""Tests the emulated cloudflare plugin with the real engine, against an emulated zone."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dev.toolchain.toolbox import Toolbox
from offline.tests.plugins.cloudflare_account import ZONE, Cloudflare, emulated_cloudflare
from offline.tests.plugins.stack import PLUGINS, Outcome

pytestmark = pytest.mark.cluster

PROGRAM = """
import pulumi, pulumi_cloudflare as cloudflare

provider = cloudflare.Provider("cloudflare")
opts = pulumi.ResourceOptions(provider=provider)
zone = cloudflare.get_zone(zone_id={zone!r}, opts=pulumi.InvokeOptions(provider=provider))
ranges = cloudflare.get_ip_ranges(opts=pulumi.InvokeOptions(provider=provider))
shop = cloudflare.DnsRecord(
    "shop", zone_id={zone!r}, name=f"shop.{{zone.name}}", type="CNAME", content="lb.example.net", ttl=1, proxied=True,
    comment={comment!r}, opts=opts,
)
cloudflare.DnsRecord(
    "proof", zone_id={zone!r}, name=shop.name.apply(lambda name: f"_proof.{{name}}"), type="TXT",
    content=shop.created_on.apply(lambda created: "created"), ttl=60, opts=opts,
)
cloudflare.ZoneSetting("ssl", zone_id={zone!r}, setting_id="ssl", value="strict", opts=opts)
pulumi.export("ranges", ranges.ipv4_cidrs)
"""

Pulumi = Callable[..., Outcome]


@pytest.fixture
def cloudflare() -> Iterator[Cloudflare]:
    with emulated_cloudflare() as cloudflare:
        yield cloudflare


@pytest.fixture
def pulumi(toolbox: Toolbox, cloudflare: Cloudflare, tmp_path: Path) -> Pulumi:
    """Runs the engine on a stack of its own."""
    directories = [
        PLUGINS / "cloudflare",
        Path(sys.executable).parent,
        *(tool.directory for tool in toolbox.tools.values()),
    ]
    environment = cloudflare.variables | {
        "PATH": os.pathsep.join([*map(str, directories), os.environ["PATH"]]),
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path}",
        "PULUMI_CONFIG_PASSPHRASE": "trial",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }

    def run(*command: str, comment: str = "The shop") -> Outcome:
        (tmp_path / "__main__.py").write_text(PROGRAM.format(zone=ZONE, comment=comment))
        ran = subprocess.run(
            ["pulumi", *command, "--non-interactive"],
            cwd=tmp_path,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Outcome(ran.returncode == 0, ran.stdout)

    (tmp_path / "Pulumi.yaml").write_text(json.dumps({"name": "trial", "runtime": "python"}))
    assert run("stack", "init", "trial").succeeded
    return run


def test_a_zone_matches_the_program_after_failures_drift_and_changes(pulumi: Pulumi, cloudflare: Cloudflare) -> None:
    previewed = pulumi("preview")
    assert previewed.count("to create") == 5, previewed.output
    assert cloudflare.ask("GET", "dns_records") == []

    refused = pulumi("up", "--yes", "--skip-preview", comment="x" * 101)
    assert not refused.succeeded
    assert "9207: The comment is longer than 100 characters" in refused.output
    assert pulumi("up", "--yes", "--skip-preview").succeeded
    proof, shop = cloudflare.ask("GET", "dns_records")
    assert (proof["name"], proof["content"]) == ("_proof.shop.example.com", "created")
    assert cloudflare.ask("GET", "settings/ssl")["value"] == "strict"
    assert cloudflare.token not in pulumi("stack", "export").output

    cloudflare.ask("PATCH", f"dns_records/{shop['id']}", {"content": "evil.example.net"})
    cloudflare.ask("DELETE", f"dns_records/{proof['id']}")
    refreshed = pulumi("refresh", "--yes", "--skip-preview")
    assert (refreshed.count("updated"), refreshed.count("deleted")) == (1, 1), refreshed.output
    repaired = pulumi("up", "--yes", "--skip-preview", comment="Our shop")
    counts = {what: repaired.count(what) for what in ("created", "updated", "unchanged", "replaced")}
    assert counts == {"created": 1, "updated": 1, "unchanged": 3, "replaced": 0}, repaired.output
    live = cloudflare.ask("GET", f"dns_records/{shop['id']}")
    assert (live["content"], live["comment"]) == ("lb.example.net", "Our shop")

    assert pulumi("destroy", "--yes", "--skip-preview").count("deleted") == 5
    assert cloudflare.ask("GET", "dns_records") == []
