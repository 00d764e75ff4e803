"""Tests the translation of a plan for Checkov, and the exceptions to its findings."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from boutique_definition.validation import ConfigError
from cli.plan import State, read_plan
from cli.scan.checkov import Finding, run_checkov
from cli.scan.exceptions import ScanException, read_exceptions, uncovered, unused
from cli.scan.report import scan
from cli.scan.translation import terraform_type, translate

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
DATABASE = "aws:rds/instance:Instance"


def urn(kind: str, name: str = "it", stack: str = "dev") -> str:
    return f"urn:pulumi:{stack}::boutique::boutique:aws:Parent${kind}::{name}"


Resource = tuple[str, State]
"""A URN and a state."""


def resource(kind: str, inputs: dict[str, Any], name: str = "it", **references: Sequence[str]) -> Resource:
    return urn(kind, name), State(kind, inputs, references=references)


def terraform_plan(*resources: Resource) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(translate(dict(resources)).plan)
    return plan


def values(kind: str, **inputs: Any) -> dict[str, Any]:
    (translated,) = terraform_plan(resource(kind, inputs))["planned_values"]["root_module"]["resources"]
    found: dict[str, Any] = translated["values"]
    return found


def write_plan(directory: Path, *resources: Resource) -> Path:
    """Writes a plan as Pulumi prints it."""
    states = [
        {"type": one.type, "inputs": one.inputs, "propertyDependencies": one.references, "urn": urn}
        for urn, one in resources
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
def test_a_type_gets_its_name_in_terraform_plan(token: str, expected: str | None) -> None:
    assert terraform_type(token) == expected


def test_properties_are_in_snake_case_but_the_keys_of_tags_are_unchanged() -> None:
    assert values("aws:ec2/vpc:Vpc", enableDnsSupport=True, cidrIpv4="10.0.0.0/8", tags={"aB": "c"}) == {
        "enable_dns_support": True,
        "cidr_ipv4": "10.0.0.0/8",
        "tags": {"aB": "c"},
    }


def test_a_block_is_a_list_with_a_name_in_the_singular() -> None:
    assert values("aws:eks/cluster:Cluster", vpcConfig={"subnetIds": ["a"]})["vpc_config"] == [{"subnet_ids": ["a"]}]
    assert values("aws:rds/parameterGroup:ParameterGroup", parameters=[{"applyMethod": "immediate"}]) == {
        "parameter": [{"apply_method": "immediate"}]
    }
    assert "ingress" in values("aws:ec2/securityGroup:SecurityGroup", ingress=[{"fromPort": 1}])
    assert "policy" in values("aws:iam/role:Role", policies=[{"name": "a"}])


def test_properties_of_pulumi_itself_are_omitted() -> None:
    assert values("aws:iam/role:Role", __defaults=["name"], name="a") == {"name": "a"}


def test_unknown_values_are_marked_as_unknown() -> None:
    inputs = {"kmsKeyId": UNKNOWN, "name": "a", "subnetIds": [UNKNOWN, "b"], "encryption": {"kmsKey": UNKNOWN}}
    plan = terraform_plan(resource(DATABASE, inputs))
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


def test_a_property_refers_to_the_resource_it_depends_on() -> None:
    bucket = resource("aws:s3/bucket:Bucket", {"bucket": "a"})
    block = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    plan = terraform_plan(
        bucket, resource(block, {"bucket": "a"}, bucket=[bucket[0], "urn:pulumi:dev::boutique::other::it"])
    )
    addresses = [resource["address"] for resource in plan["planned_values"]["root_module"]["resources"]]
    configured = plan["configuration"]["root_module"]["resources"][1]
    assert configured["address"] == addresses[1]
    assert configured["expressions"] == {"bucket": {"references": [addresses[0]]}}


def test_resources_of_the_same_type_and_name_have_different_addresses() -> None:
    urns = [f"urn:pulumi:dev::boutique::{parent}${DATABASE}::it" for parent in ("one", "two")]
    assert list(translate(dict.fromkeys(urns, State(DATABASE, {}))).addresses.values()) == urns


def test_a_kubernetes_object_becomes_a_manifest() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart"}}
    cluster = resource("kubernetes:core/v1:Service", service)
    translation = translate(dict([cluster, resource("aws:ec2/vpc:Vpc", {})]))
    ((file, content),) = translation.manifests.items()
    assert yaml.safe_load(content) == service
    assert translation.urns[file] == cluster[0]


def test_a_deleted_resource_is_not_scanned(tmp_path: Path) -> None:
    file = write_plan(tmp_path, resource("aws:ec2/vpc:Vpc", {"a": "b"}))
    plan = json.loads(file.read_text())
    plan["steps"].append({"op": "delete", "urn": urn(DATABASE), "oldState": {"type": DATABASE}})
    file.write_text(json.dumps(plan))
    assert read_plan(file).after == dict([resource("aws:ec2/vpc:Vpc", {"a": "b"})])


def test_a_plan_without_resources_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"plan.json: has no resource to scan"):
        scan(write_plan(tmp_path))


def finding(name: str, check: str = "CKV_AWS_1") -> Finding:
    return Finding(check, urn("aws:lb/loadBalancer:LoadBalancer", name), "a title")


def exception(*resources: str, **more: Any) -> ScanException:
    return ScanException(check="CKV_AWS_1", resources=list(resources), reason="because it is so", **more)


def test_an_exception_covers_only_its_check_on_its_resources() -> None:
    findings = [finding("a"), finding("b"), finding("a", "CKV_AWS_2")]
    exceptions = [exception("aws:lb/*::a")]
    assert uncovered(findings, exceptions) == findings[1:]
    assert unused(findings, exceptions) == []


def test_an_exception_that_covers_nothing_is_reported_by_its_pattern() -> None:
    assert unused([finding("a")], [exception("*::a", "*::b")]) == [("CKV_AWS_1", "*::b")]
    assert unused([finding("a", "CKV_AWS_2")], [exception("*::a")]) == [("CKV_AWS_1", "*::a")]


def test_an_exception_can_be_limited_to_some_stacks() -> None:
    assert exception("*", stacks=("demo",)).applies_to("demo")
    assert not exception("*", stacks=("demo",)).applies_to("prod")
    assert exception("*").applies_to("prod")


@pytest.mark.parametrize("wrong", [{"reason": "so"}, {"resources": []}, {"check": "all"}, {"stack": ["dev"]}])
def test_an_exception_needs_a_check_resources_and_a_reason(tmp_path: Path, wrong: dict[str, Any]) -> None:
    entry = {"check": "CKV_AWS_1", "resources": ["*"], "reason": "because it is so"} | wrong
    file = tmp_path / "exceptions.yaml"
    file.write_text(yaml.safe_dump({"exceptions": [entry]}))
    with pytest.raises(ConfigError, match=rf"exceptions.yaml: exceptions.0.{next(iter(wrong))}"):
        read_exceptions("dev", file)


@pytest.mark.parametrize("stack", ["demo", "dev", "staging", "prod"])
def test_the_exceptions_of_every_stack_are_valid(stack: str) -> None:
    assert read_exceptions(stack)


@pytest.mark.cluster  # installs Checkov
def test_checkov_reports_the_right_resources_and_follows_references() -> None:
    pod = {"containers": [{"name": "a", "image": "a:latest", "securityContext": {"privileged": True}}]}
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "b"}, "spec": pod}
    privileged = resource("kubernetes:core/v1:Pod", manifest)
    plain, encrypted = (resource(DATABASE, {"storageEncrypted": value}, str(value)) for value in (False, True))
    opened, closed = (resource("aws:s3/bucket:Bucket", {"bucket": name}, name) for name in ("opened", "closed"))
    every = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
    block = resource(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", {"bucket": UNKNOWN, **every}, bucket=[closed[0]]
    )
    report = run_checkov(translate(dict([privileged, plain, encrypted, opened, closed, block])))
    found = {
        check: {one.urn for one in report.findings if one.check == check} for check in ("CKV_AWS_16", "CKV2_AWS_6")
    }
    assert found == {"CKV_AWS_16": {plain[0]}, "CKV2_AWS_6": {opened[0]}}
    assert {one.urn for one in report.findings if one.check == "CKV_K8S_16"} == {privileged[0]}


@pytest.mark.cluster  # installs Checkov
def test_an_unknown_key_counts_as_a_key() -> None:
    named, unnamed = (
        resource("aws:secretsmanager/secret:Secret", inputs, name)
        for name, inputs in {"named": {"kmsKeyId": UNKNOWN}, "unnamed": {"name": "a"}}.items()
    )
    findings = run_checkov(translate(dict([named, unnamed]))).findings
    assert {one.urn for one in findings if one.check == "CKV_AWS_149"} == {unnamed[0]}


@pytest.mark.cluster  # installs Checkov
def test_a_finding_fails_the_scan_and_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert scan(write_plan(tmp_path, resource(DATABASE, {"storageEncrypted": False}))) == 1
    printed = capsys.readouterr().out
    assert "aws:rds/instance:Instance::it: CKV_AWS_16: " in printed
    assert "CKV2_AWS_62: 'aws:s3/bucket:Bucket::pictures': covers no finding" in printed
