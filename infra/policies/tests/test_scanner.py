"""What the scanner makes of a plan, and of the exceptions to its findings."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.policies.scanner.checkov import Finding, scan
from infra.policies.scanner.exceptions import ScannerException, read_exceptions, unexcused, unused
from infra.policies.scanner.plans import Planned, manifests, read_plan, terraform_plan, terraform_type
from local.progress import Progress

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "…"}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def planned(*resources: tuple[str, dict[str, Any]]) -> list[Planned]:
    return [Planned(kind, "it", inputs) for kind, inputs in resources]


def values(kind: str, **inputs: Any) -> dict[str, Any]:
    (resource,) = json.loads(terraform_plan(planned((kind, inputs))))["planned_values"]["root_module"]["resources"]
    found: dict[str, Any] = resource["values"]
    return found


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("aws:ec2/natGateway:NatGateway", "aws_nat_gateway"),
        ("aws:rds/instance:Instance", "aws_db_instance"),
        ("aws:lb/loadBalancer:LoadBalancer", "aws_lb"),
        ("aws:lb/targetGroup:TargetGroup", "aws_lb_target_group"),
        ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "aws_s3_bucket_public_access_block"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws_vpc_security_group_ingress_rule"),
        ("kubernetes:core/v1:Service", None),
    ],
)
def test_a_type_is_called_as_in_terraform(token: str, expected: str | None) -> None:
    assert terraform_type(token) == expected


def test_properties_are_in_snake_case_and_blocks_are_lists() -> None:
    assert values("aws:eks/cluster:Cluster", vpcConfig={"subnetIds": ["a"]}, tags={"aB": "c"}) == {
        "vpc_config": [{"subnet_ids": ["a"]}],
        "tags": {"aB": "c"},
    }


def test_a_plan_is_read_without_what_is_secret_unknown_or_deleted(tmp_path: Path) -> None:
    urn = "urn:pulumi:dev::boutique::aws:ec2/vpc:Vpc::network"
    state = {"type": "aws:ec2/vpc:Vpc", "urn": urn, "inputs": {"a": SECRET, "b": UNKNOWN, "c": [UNKNOWN, 1]}}
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"steps": [{"op": "create", "newState": state}, {"op": "delete", "oldState": state}]}))
    assert read_plan(file) == [Planned("aws:ec2/vpc:Vpc", "network", {"a": "secret", "c": [1]})]


def test_objects_of_kubernetes_are_manifests() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart"}}
    content = manifests(planned(("kubernetes:core/v1:Service", service), ("aws:ec2/vpc:Vpc", {})))
    assert list(yaml.safe_load_all(content)) == [service]


def test_an_exception_covers_its_check_on_its_resources_alone() -> None:
    findings = [Finding("CKV_AWS_1", "aws_lb.a", "t"), Finding("CKV_AWS_1", "aws_lb.b", "t")]
    exception = ScannerException(check="CKV_AWS_1", resource="*.a", reason="because it is so")
    assert unexcused(findings, [exception]) == findings[1:]
    assert unused(findings, [exception]) == []
    assert unused(findings[1:], [exception]) == [exception]


def test_every_exception_of_the_repository_has_a_reason() -> None:
    assert all(exception.reason for exception in read_exceptions())


@pytest.mark.cluster  # installs Checkov, whose packages are many
def test_checkov_finds_what_is_wrong_in_both_kinds(tmp_path: Path) -> None:
    pod = {"containers": [{"name": "a", "image": "a:latest", "securityContext": {"privileged": True}}]}
    deployment = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "b"}, "spec": pod}
    resources = planned(
        ("aws:rds/instance:Instance", {"storageEncrypted": False}), ("kubernetes:core/v1:Pod", deployment)
    )
    (tmp_path / "plan.json").write_text(terraform_plan(resources))
    (tmp_path / "manifests.yaml").write_text(manifests(resources))
    with Progress() as progress:
        found = {finding.check for finding in scan(tmp_path / "plan.json", tmp_path / "manifests.yaml", progress)}
    assert {"CKV_AWS_16", "CKV_K8S_16"} <= found
