"""Tests the emulated aws plugin with the real engine, against the emulated account."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from boutique_offline.rehearsal.account.inventory import inventory
from dev.progress import Progress
from dev.toolchain.toolbox import ensure
from offline.tests.plugins.aws_account import ACCOUNT, REGION, emulated_account
from offline.tests.plugins.stack import PLUGINS

pytestmark = pytest.mark.cluster

_PROGRAM = """
import json, os
import pulumi, pulumi_aws as aws

settings = json.loads(os.environ["TRIAL"])
tags = {"tags": {"boutique:stack": "trial"}}
provider = aws.Provider("aws", region=settings["region"], allowed_account_ids=[settings["account"]], default_tags=tags)
options = pulumi.ResourceOptions(provider=provider)
zones = aws.get_availability_zones(opts=pulumi.InvokeOptions(provider=provider)).names
network = aws.ec2.Vpc("network", cidr_block=settings["cidr"], tags={"Name": "trial"}, opts=options)
subnets = [
    aws.ec2.Subnet(zone, vpc_id=network.id, cidr_block=f"10.0.{number}.0/24", availability_zone=zone, opts=options)
    for number, zone in enumerate(zones[:2])
]
group = aws.rds.SubnetGroup("stores", subnet_ids=[subnet.id for subnet in subnets], opts=options)
database = aws.rds.Instance(
    "database",
    identifier="trial",
    engine="postgres",
    instance_class=settings["class"],
    allocated_storage=20,
    storage_encrypted=settings["encrypted"],
    username="trial",
    password=pulumi.Output.secret("drawn-for-the-test"),
    db_subnet_group_name=group.name,
    skip_final_snapshot=True,
    opts=options,
)
pulumi.export("endpoint", database.endpoint)
"""


@dataclass
class Trial:
    """A stack of the real engine in its own folder."""

    directory: Path
    path: str
    endpoint: str

    def run(self, *command: str, **changes: Any) -> str:
        """Runs `pulumi` and returns its output. Fails if it fails."""
        settings = {
            "region": REGION,
            "account": ACCOUNT,
            "cidr": "10.0.0.0/16",
            "class": "db.t4g.micro",
            "encrypted": True,
        }
        outcome = subprocess.run(
            ["pulumi", *command, "--non-interactive"],
            cwd=self.directory,
            env=os.environ
            | {
                "PATH": self.path,
                "PULUMI_HOME": str(self.directory / "home"),
                "PULUMI_BACKEND_URL": f"file://{self.directory}",
                "PULUMI_CONFIG_PASSPHRASE": "trial",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "BOUTIQUE_AWS_ENDPOINT": self.endpoint,
                "TRIAL": json.dumps(settings | changes),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        return outcome.stdout


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with Progress() as progress:
        toolbox = ensure(["pulumi"], progress)
    directories = [PLUGINS / "aws", Path(sys.executable).parent, *(tool.directory for tool in toolbox.tools.values())]
    (tmp_path / "Pulumi.yaml").write_text(json.dumps({"name": "trial", "runtime": "python"}))
    (tmp_path / "__main__.py").write_text(_PROGRAM)
    with emulated_account() as endpoint:
        trial = Trial(tmp_path, os.pathsep.join([*map(str, directories), os.environ["PATH"]]), endpoint)
        trial.run("stack", "init", "trial")
        yield trial


def test_a_stack_is_deployed_changed_repaired_and_destroyed(trial: Trial) -> None:
    before = inventory(trial.endpoint, REGION)
    assert "+ 7 created" in trial.run("up", "--yes", "--skip-preview")
    assert "drawn-for-the-test" not in trial.run("stack", "export")
    trial.run("preview", "--expect-no-changes")

    assert "~ 1 to update" in trial.run("preview", **{"class": "db.t4g.small"})
    assert "its data will be lost" in trial.run("preview", encrypted=False)

    _tag_by_hand(trial)
    assert "~ 1 updated" in trial.run("refresh", "--yes", "--skip-preview")
    assert "~ 1 updated" in trial.run("up", "--yes", "--skip-preview")
    trial.run("destroy", "--yes", "--skip-preview")
    assert inventory(trial.endpoint, REGION) == before


def _tag_by_hand(trial: Trial) -> None:
    ec2: Any = botocore.session.get_session().create_client(
        "ec2",
        region_name=REGION,
        endpoint_url=trial.endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    [network] = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["trial"]}])["Vpcs"]
    ec2.create_tags(Resources=[network["VpcId"]], Tags=[{"Key": "Name", "Value": "evil"}])
