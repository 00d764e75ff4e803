"""What the scanner makes of a plan, and of the exceptions to its findings."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from boutique_definition.validation import ConfigError
from cli.scan import exceptions
from cli.scan.__main__ import main
from cli.scan.checkov import Finding, scan
from cli.scan.exceptions import ScannerException, read_exceptions, unexcused, unused
from cli.scan.plans import Planned, read_plan, scannable, terraform_type

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
DATABASE = "aws:rds/instance:Instance"


def urn(kind: str, name: str = "it", stack: str = "dev") -> str:
    return f"urn:pulumi:{stack}::boutique::boutique:aws:Parent${kind}::{name}"


def planned(kind: str, inputs: dict[str, Any], name: str = "it", **references: Sequence[str]) -> Planned:
    return Planned(urn(kind, name), kind, inputs, references)


def terraform(*resources: Planned) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(scannable(resources).plan)
    return found


def values(kind: str, **inputs: Any) -> dict[str, Any]:
    (resource,) = terraform(planned(kind, inputs))["planned_values"]["root_module"]["resources"]
    found: dict[str, Any] = resource["values"]
    return found


def written(directory: Path, *resources: Planned) -> Path:
    """A plan of these as Pulumi prints it."""
    states = [
        {"type": one.type, "inputs": one.inputs, "propertyDependencies": one.references, "urn": one.urn}
        for one in resources
    ]
    file = directory / "plan.json"
    file.write_text(json.dumps({"steps": [{"op": "create", "urn": one["urn"], "newState": one} for one in states]}))
    return file


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("aws:ec2/natGateway:NatGateway", "aws_nat_gateway"),
        ("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "aws_default_security_group"),
        ("aws:rds/instance:Instance", "aws_db_instance"),
        ("aws:rds/parameterGroup:ParameterGroup", "aws_db_parameter_group"),
        ("aws:lb/loadBalancer:LoadBalancer", "aws_lb"),
        ("aws:lb/targetGroup:TargetGroup", "aws_lb_target_group"),
        ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "aws_s3_bucket_public_access_block"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws_vpc_security_group_ingress_rule"),
        ("aws:iam/rolePolicy:RolePolicy", "aws_iam_role_policy"),
        ("kubernetes:core/v1:Service", None),
        ("boutique:aws:Network", None),
    ],
)
def test_a_type_is_called_as_in_terraform(token: str, expected: str | None) -> None:
    assert terraform_type(token) == expected


def test_properties_are_in_snake_case_and_tags_stay_as_they_are() -> None:
    assert values("aws:ec2/vpc:Vpc", enableDnsSupport=True, cidrIpv4="10.0.0.0/8", tags={"aB": "c"}) == {
        "enable_dns_support": True,
        "cidr_ipv4": "10.0.0.0/8",
        "tags": {"aB": "c"},
    }


def test_a_block_is_a_list_and_named_in_the_singular() -> None:
    assert values("aws:eks/cluster:Cluster", vpcConfig={"subnetIds": ["a"]})["vpc_config"] == [{"subnet_ids": ["a"]}]
    assert values("aws:rds/parameterGroup:ParameterGroup", parameters=[{"applyMethod": "immediate"}]) == {
        "parameter": [{"apply_method": "immediate"}]
    }
    assert "ingress" in values("aws:ec2/securityGroup:SecurityGroup", ingress=[{"fromPort": 1}])
    assert "policy" in values("aws:iam/role:Role", policies=[{"name": "a"}])


def test_what_is_pulumis_own_is_left_out() -> None:
    assert values("aws:iam/role:Role", __defaults=["name"], name="a") == {"name": "a"}


def test_what_is_not_known_yet_is_said_to_be_so() -> None:
    inputs = {"kmsKeyId": UNKNOWN, "name": "a", "subnetIds": [UNKNOWN, "b"], "encryption": {"kmsKey": UNKNOWN}}
    plan = terraform(planned(DATABASE, inputs))
    known: dict[str, Any] = {"name": "a", "subnet_ids": [None, "b"], "encryption": [{}]}
    assert plan["planned_values"]["root_module"]["resources"][0]["values"] == known
    change = plan["resource_changes"][0]["change"]
    assert change["after"] == known
    assert change["after_unknown"] == {
        "kms_key_id": True,
        "name": False,
        "subnet_ids": [True, False],
        "encryption": [{"kms_key": True}],
    }


def test_a_property_refers_to_the_resource_that_it_comes_from() -> None:
    bucket = planned("aws:s3/bucket:Bucket", {"bucket": "a"})
    block = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    plan = terraform(
        bucket, planned(block, {"bucket": "a"}, bucket=[bucket.urn, "urn:pulumi:dev::boutique::other::it"])
    )
    addresses = [resource["address"] for resource in plan["planned_values"]["root_module"]["resources"]]
    configured = plan["configuration"]["root_module"]["resources"][1]
    assert configured["address"] == addresses[1]
    assert configured["expressions"] == {"bucket": {"references": [addresses[0]]}}


def test_resources_of_one_type_and_name_are_told_apart() -> None:
    first = Planned(f"urn:pulumi:dev::boutique::one${DATABASE}::it", DATABASE, {})
    second = Planned(f"urn:pulumi:dev::boutique::two${DATABASE}::it", DATABASE, {})
    assert list(scannable([first, second]).addresses.values()) == [first.urn, second.urn]


def test_an_object_of_kubernetes_is_a_manifest() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart"}}
    cluster = planned("kubernetes:core/v1:Service", service)
    scanned = scannable([cluster, planned("aws:ec2/vpc:Vpc", {})])
    ((file, content),) = scanned.manifests.items()
    assert yaml.safe_load(content) == service
    assert scanned.urns[file] == cluster.urn


def test_what_a_plan_deletes_is_not_read(tmp_path: Path) -> None:
    file = written(tmp_path, planned("aws:ec2/vpc:Vpc", {"a": "b"}))
    plan = json.loads(file.read_text())
    plan["steps"].append({"op": "delete", "urn": urn(DATABASE), "oldState": {"type": DATABASE}})
    file.write_text(json.dumps(plan))
    assert read_plan(file) == [planned("aws:ec2/vpc:Vpc", {"a": "b"})]


@pytest.mark.parametrize("content", ["nothing of the kind", "[]", "{}"])
def test_a_file_that_is_no_plan_is_a_mistake(tmp_path: Path, content: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(content)
    with pytest.raises(ConfigError, match=r"plan.json: must be what `pulumi preview --json` prints"):
        read_plan(file)


def test_a_plan_of_nothing_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"plan.json: must have a resource"):
        read_plan(written(tmp_path))


def finding(name: str, check: str = "CKV_AWS_1") -> Finding:
    return Finding(check, urn("aws:lb/loadBalancer:LoadBalancer", name), "a title")


def excepted(*resources: str, **more: Any) -> ScannerException:
    return ScannerException(check="CKV_AWS_1", resources=list(resources), reason="because it is so", **more)


def test_an_exception_covers_its_check_on_its_resources_alone() -> None:
    findings = [finding("a"), finding("b"), finding("a", "CKV_AWS_2")]
    exception = excepted("aws:lb/*::a")
    assert unexcused(findings, [exception]) == findings[1:]
    assert unused(findings, [exception]) == []


def test_an_exception_that_covers_nothing_is_told_by_its_pattern() -> None:
    assert unused([finding("a")], [excepted("*::a", "*::b")]) == [("CKV_AWS_1", "*::b")]
    assert unused([finding("a", "CKV_AWS_2")], [excepted("*::a")]) == [("CKV_AWS_1", "*::a")]


def test_an_exception_may_be_of_some_stacks_alone() -> None:
    assert excepted("*", stacks=("demo",)).applies_to("demo")
    assert not excepted("*", stacks=("demo",)).applies_to("prod")
    assert excepted("*").applies_to("prod")


@pytest.mark.parametrize("wrong", [{"reason": "so"}, {"resources": []}, {"check": "all"}, {"stack": ["dev"]}])
def test_an_exception_has_a_check_resources_and_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]
) -> None:
    entry = {"check": "CKV_AWS_1", "resources": ["*"], "reason": "because it is so"} | wrong
    monkeypatch.setattr(exceptions, "FILE", tmp_path / "exceptions.yaml")
    exceptions.FILE.write_text(yaml.safe_dump({"exceptions": [entry]}))
    with pytest.raises(ConfigError, match=rf"exceptions.yaml: exceptions.0.{next(iter(wrong))}"):
        read_exceptions("dev")


@pytest.mark.parametrize("stack", ["demo", "dev", "staging", "prod"])
def test_the_exceptions_of_every_stack_can_be_read(stack: str) -> None:
    assert read_exceptions(stack)


@pytest.mark.cluster  # installs Checkov, whose packages are many
def test_checkov_finds_what_is_wrong_where_it_is_and_follows_references() -> None:
    pod = {"containers": [{"name": "a", "image": "a:latest", "securityContext": {"privileged": True}}]}
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "b"}, "spec": pod}
    privileged = planned("kubernetes:core/v1:Pod", manifest)
    plain, encrypted = (planned(DATABASE, {"storageEncrypted": value}, str(value)) for value in (False, True))
    opened, closed = (planned("aws:s3/bucket:Bucket", {"bucket": name}, name) for name in ("opened", "closed"))
    every = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
    block = planned(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", {"bucket": UNKNOWN, **every}, bucket=[closed.urn]
    )
    report = scan(scannable([privileged, plain, encrypted, opened, closed, block]))
    found = {
        check: {one.urn for one in report.findings if one.check == check} for check in ("CKV_AWS_16", "CKV2_AWS_6")
    }
    assert found == {"CKV_AWS_16": {plain.urn}, "CKV2_AWS_6": {opened.urn}}
    assert {one.urn for one in report.findings if one.check == "CKV_K8S_16"} == {privileged.urn}


@pytest.mark.cluster  # installs Checkov, whose packages are many
def test_a_key_that_is_not_made_yet_is_a_key() -> None:
    named, unnamed = (
        planned("aws:secretsmanager/secret:Secret", inputs, name)
        for name, inputs in {"named": {"kmsKeyId": UNKNOWN}, "unnamed": {"name": "a"}}.items()
    )
    findings = scan(scannable([named, unnamed])).findings
    assert {one.urn for one in findings if one.check == "CKV_AWS_149"} == {unnamed.urn}


@pytest.mark.cluster  # installs Checkov, whose packages are many
def test_a_scan_ends_with_1_and_names_finding_and_resource(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(written(tmp_path, planned(DATABASE, {"storageEncrypted": False}))) == 1
    printed = capsys.readouterr().out
    assert "aws:rds/instance:Instance::it: CKV_AWS_16: " in printed
    assert "CKV2_AWS_62: 'aws:s3/bucket:Bucket::pictures': covers nothing" in printed
