"""Every rule, with a resource that it accepts and one that violates it."""

import copy
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from infra.policies.pack import RULES
from infra.policies.rules import Resource, Stack, read_stack
from infra.policies.tags import UNTAGGABLE

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "policies.md"
DIGEST = f"registry/cart@sha256:{'0' * 64}"
CONTAINER: dict[str, Any] = {
    "name": "cart",
    "image": DIGEST,
    "securityContext": {
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    },
    "resources": {"limits": {"memory": "96Mi"}},
}


def policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def pods(*, pod: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [CONTAINER | changes], **(pod or {})}}}}


def secured(**changes: Any) -> dict[str, Any]:
    return pods(securityContext=CONTAINER["securityContext"] | changes)


INSTANCE = {
    "storageEncrypted": True,
    "deletionProtection": True,
    "multiAz": True,
    "skipFinalSnapshot": False,
    "backupRetentionPeriod": 35,
}
CLUSTER = {
    "encryptionConfig": {"provider": {"keyArn": "arn"}, "resources": ["secrets"]},
    "accessConfig": {"authenticationMode": "API"},
    "deletionProtection": True,
    "enabledClusterLogTypes": ["api", "audit", "authenticator"],
    "vpcConfig": {"endpointPublicAccess": True, "publicAccessCidrs": ["203.0.113.0/24"]},
    "tagsAll": {"boutique:project": "boutique", "boutique:stack": "prod"},
}
CACHE = {
    "atRestEncryptionEnabled": True,
    "kmsKeyId": "arn",
    "transitEncryptionEnabled": True,
    "authToken": "secret",
    "automaticFailoverEnabled": True,
    "multiAzEnabled": True,
}
DENY = {"Effect": "Deny", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
ENCRYPTED = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
BLOCKED = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
BUCKET_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"

CASES: list[tuple[str, str, dict[str, Any], dict[str, Any], str]] = [
    # The rule, a type, properties that it accepts, a change that violates it, and a part of its message.
    ("encrypted-at-rest", "aws:rds/instance:Instance", INSTANCE, {"storageEncrypted": False}, "storageEncrypted"),
    ("encrypted-at-rest", "aws:elasticache/replicationGroup:ReplicationGroup", CACHE, {"kmsKeyId": None}, "kmsKeyId"),
    (
        "encrypted-at-rest",
        "aws:ecr/repository:Repository",
        {"encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": "arn"}]},
        {"encryptionConfigurations": [{"encryptionType": "AES256"}]},
        "kmsKey",
    ),
    ("encrypted-at-rest", "aws:secretsmanager/secret:Secret", {"kmsKeyId": "arn"}, {"kmsKeyId": ""}, "kmsKeyId"),
    ("encrypted-at-rest", "aws:sns/topic:Topic", {"kmsMasterKeyId": "a"}, {"kmsMasterKeyId": None}, "kmsMasterKeyId"),
    ("encrypted-at-rest", "aws:eks/cluster:Cluster", CLUSTER, {"encryptionConfig": None}, "keyArn"),
    ("encrypted-at-rest", "aws:kms/key:Key", {"enableKeyRotation": True}, {"enableKeyRotation": False}, "rotate"),
    ("encrypted-at-rest", BUCKET_ENCRYPTION, {"rules": [ENCRYPTED]}, {"rules": []}, "sseAlgorithm"),
    ("tls", "aws:elasticache/replicationGroup:ReplicationGroup", CACHE, {"transitEncryptionEnabled": False}, "transit"),
    ("tls", "aws:elasticache/replicationGroup:ReplicationGroup", CACHE, {"authToken": None}, "authToken"),
    (
        "tls",
        "aws:lb/listener:Listener",
        {"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"},
        {"protocol": "HTTP"},
        "must be HTTPS",
    ),
    (
        "tls-forced",
        "aws:rds/parameterGroup:ParameterGroup",
        {"parameters": [{"name": "rds.force_ssl", "value": "1"}]},
        {"parameters": [{"name": "rds.force_ssl", "value": "0"}]},
        "rds.force_ssl",
    ),
    (
        "tls-forced",
        "aws:s3/bucketPolicy:BucketPolicy",
        {"policy": json.dumps({"Statement": [DENY]})},
        {"policy": json.dumps({"Statement": []})},
        "aws:SecureTransport",
    ),
    ("no-public-stores", "aws:rds/instance:Instance", INSTANCE, {"publiclyAccessible": True}, "publiclyAccessible"),
    (
        "no-public-stores",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        BLOCKED,
        {"blockPublicAcls": False},
        "blockPublicAcls",
    ),
    ("no-public-stores", "aws:ec2/subnet:Subnet", {}, {"mapPublicIpOnLaunch": True}, "mapPublicIpOnLaunch"),
    ("no-open-security-groups", RULE, {"cidrIpv4": "10.0.0.0/16"}, {"cidrIpv4": "0.0.0.0/0"}, "must be narrower"),
    ("no-open-security-groups", RULE, {"cidrIpv6": "fd00::/8"}, {"cidrIpv6": "::/0"}, "must be narrower"),
    (
        "no-open-security-groups",
        "aws:ec2/securityGroup:SecurityGroup",
        {"ingress": [{"cidrBlocks": ["10.0.0.0/16"]}]},
        {"ingress": [{"cidrBlocks": ["0.0.0.0/0"]}]},
        "must be narrower",
    ),
    (
        "no-open-security-groups",
        "aws:ec2/securityGroupRule:SecurityGroupRule",
        {"type": "ingress", "cidrBlocks": ["10.0.0.0/16"], "ipv6CidrBlocks": ["fd00::/8"]},
        {"ipv6CidrBlocks": ["fd00::/8", "::/0"]},
        "must be narrower",
    ),
    (
        "no-open-security-groups",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        {"ingress": []},
        {"ingress": [{"self": True}]},
        "must be empty",
    ),
    (
        "closed-cluster",
        "aws:eks/cluster:Cluster",
        CLUSTER,
        {"vpcConfig": {"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]}},
        "publicAccessCidrs",
    ),
    ("closed-cluster", "aws:eks/cluster:Cluster", CLUSTER, {"vpcConfig": {}}, "publicAccessCidrs"),
    (
        "access-entries",
        "aws:eks/cluster:Cluster",
        CLUSTER,
        {"accessConfig": {"authenticationMode": "CONFIG_MAP"}},
        "must be API",
    ),
    ("access-entries", "aws:eks/cluster:Cluster", CLUSTER, {"enabledClusterLogTypes": ["api"]}, "audit"),
    (
        "no-load-balancers-of-the-cluster",
        "kubernetes:core/v1:Service",
        {"spec": {"type": "ClusterIP"}},
        {"spec": {"type": "LoadBalancer"}},
        "load_balancer.py",
    ),
    (
        "protected-production",
        "aws:rds/instance:Instance",
        INSTANCE,
        {"deletionProtection": False},
        "deletionProtection",
    ),
    ("protected-production", "aws:rds/instance:Instance", INSTANCE, {"multiAz": None}, "set database.standby: true"),
    ("protected-production", "aws:rds/instance:Instance", INSTANCE, {"skipFinalSnapshot": True}, "set finalSnapshots"),
    ("protected-production", "aws:rds/instance:Instance", INSTANCE, {"backupRetentionPeriod": 1}, "at least 7"),
    ("protected-production", "aws:eks/cluster:Cluster", CLUSTER, {"deletionProtection": False}, "deletionProtection"),
    (
        "protected-production",
        "aws:elasticache/replicationGroup:ReplicationGroup",
        CACHE,
        {"multiAzEnabled": False},
        "multiAzEnabled",
    ),
    (
        "protected-production",
        "aws:lb/loadBalancer:LoadBalancer",
        {"enableDeletionProtection": True},
        {"enableDeletionProtection": False},
        "enableDeletionProtection",
    ),
    (
        "no-wildcards",
        ROLE_POLICY,
        {"policy": policy(Action=["s3:GetObject"], Resource=["arn"])},
        {"policy": policy(Action="*", Resource=["arn"])},
        "Action: '*'",
    ),
    (
        "no-wildcards",
        ROLE_POLICY,
        {"policy": policy(Action=["s3:*"], Resource=["*"], Condition={"Bool": {}})},
        {"policy": policy(Action=["s3:*"], Resource=["*"])},
        "Resource: '*'",
    ),
    (
        "no-wildcards",
        "aws:iam/role:Role",
        {"assumeRolePolicy": policy(Action="sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"})},
        {"assumeRolePolicy": policy(Action="sts:AssumeRole", Principal={"AWS": "*"})},
        "Principal: '*'",
    ),
    (
        "no-wildcards",
        "aws:iam/policy:Policy",
        {"policy": policy(Action=["s3:GetObject"], Resource=["arn"])},
        {"policy": policy(NotAction=["s3:GetObject"], Resource=["arn"])},
        "NotAction",
    ),
    (
        "no-wildcards",
        "aws:kms/key:Key",
        {"policy": policy(Action=["kms:*"], Resource="*", Principal={"AWS": "arn:aws:iam::123456789012:root"})},
        {"policy": policy(Action=["kms:*"], Resource="*", Principal="*")},
        "Principal: '*'",
    ),
    (
        "no-administrators",
        "aws:iam/role:Role",
        {"managedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
        {"managedPolicyArns": ["arn:aws:iam::aws:policy/PowerUserAccess"]},
        "managedPolicyArns",
    ),
    (
        "no-administrators",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
        "policyArn",
    ),
    ("tagged", "aws:eks/cluster:Cluster", CLUSTER, {"tagsAll": {"boutique:project": "boutique"}}, "boutique:stack"),
    ("images-by-digest", DEPLOYMENT, pods(), pods(image="registry/cart:latest"), "by its digest"),
    (
        "images-by-digest",
        "kubernetes:batch/v1:CronJob",
        {"spec": {"jobTemplate": pods()}},
        {"spec": {"jobTemplate": pods(image="registry/cart:latest")}},
        "by its digest",
    ),
    ("restricted-pods", DEPLOYMENT, pods(), pods(securityContext={}), "runAsNonRoot"),
    ("restricted-pods", DEPLOYMENT, pods(), secured(runAsNonRoot=False), "runAsNonRoot: False: must be true"),
    ("restricted-pods", DEPLOYMENT, pods(), secured(allowPrivilegeEscalation=True), "allowPrivilegeEscalation"),
    ("restricted-pods", DEPLOYMENT, pods(), secured(readOnlyRootFilesystem=False), "readOnlyRootFilesystem"),
    ("restricted-pods", DEPLOYMENT, pods(), secured(capabilities={"drop": ["NET_RAW"]}), "must be [ALL]"),
    ("restricted-pods", DEPLOYMENT, pods(), secured(seccompProfile={"type": "Unconfined"}), "must be RuntimeDefault"),
    ("restricted-pods", DEPLOYMENT, pods(), pods(resources={}), "resources.limits.memory"),
    ("restricted-pods", DEPLOYMENT, pods(), pods(pod={"hostNetwork": True}), "hostNetwork"),
    (
        "restricted-pods",
        DEPLOYMENT,
        pods(pod={"volumes": [{"emptyDir": {}}]}),
        pods(pod={"volumes": [{"hostPath": {"path": "/"}}]}),
        "volumes.hostPath",
    ),
    (
        "restricted-pods",
        "kubernetes:core/v1:Pod",
        {"spec": {"initContainers": [CONTAINER]}},
        {"spec": {"initContainers": [CONTAINER | {"securityContext": {}}]}},
        "capabilities.drop",
    ),
]
BY_NAME = {rule.name: rule for rule in RULES}
PRODUCTION = Stack("prod", production=True)


def violations(rule: str, kind: str, properties: dict[str, Any], stack: Stack = PRODUCTION, **more: Any) -> list[str]:
    return BY_NAME[rule].violations(Resource(kind, "it", stack, unknown_checking_proxy(properties), **more))


@pytest.mark.parametrize(("rule", "kind", "good", "change", "said"), CASES)
def test_a_rule_accepts_good_values_and_says_what_is_wrong_with_bad_ones(
    rule: str, kind: str, good: dict[str, Any], change: dict[str, Any], said: str
) -> None:
    assert violations(rule, kind, good) == []
    found = violations(rule, kind, good | change)
    assert found
    assert all(line.startswith("it: ") for line in found)
    assert said in " ".join(found)


def test_every_rule_has_a_case() -> None:
    assert {case[0] for case in CASES} == BY_NAME.keys()


def test_every_rule_is_in_the_documentation() -> None:
    assert re.findall(r"^\| `([a-z-]+)`", DOCUMENTATION.read_text(), re.MULTILINE) == list(BY_NAME)


@pytest.mark.parametrize(("rule", "kind", "good", "change"), [case[:4] for case in CASES])
def test_values_that_a_preview_does_not_know_are_not_a_violation(
    rule: str, kind: str, good: dict[str, Any], change: dict[str, Any]
) -> None:
    unknown = dict.fromkeys(change, UNKNOWN_STRING_VALUE)
    assert violations(rule, kind, good | unknown) == []


def somewhere_unknown(value: Any) -> Iterator[Any]:
    """Yields copies of a value, each with one part of it unknown."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        for inner in (UNKNOWN_STRING_VALUE, *somewhere_unknown(value[key])):
            changed = copy.copy(value)
            changed[key] = inner
            yield changed


@pytest.mark.parametrize(("rule", "kind", "good"), [case[:3] for case in CASES])
def test_unknown_parts_of_good_values_are_not_a_violation(rule: str, kind: str, good: dict[str, Any]) -> None:
    assert [found for unknown in somewhere_unknown(good) if (found := violations(rule, kind, unknown))] == []


@pytest.mark.parametrize(("rule", "kind", "good", "change"), [case[:4] for case in CASES])
def test_a_rule_can_check_bad_values_with_unknown_parts(
    rule: str, kind: str, good: dict[str, Any], change: dict[str, Any]
) -> None:
    for unknown in somewhere_unknown(good | change):
        assert all(line.startswith("it: ") for line in violations(rule, kind, unknown))


@pytest.mark.parametrize("stack", ["demo", "dev", "local", "prod", "staging"])
def test_only_production_has_to_be_protected(stack: str) -> None:
    unprotected = {"deletionProtection": False}
    found = violations("protected-production", "aws:rds/instance:Instance", unprotected, read_stack(stack))
    assert bool(found) == (stack == "prod")


def test_a_stack_that_expires_may_be_unprotected() -> None:
    tags = {"boutique:expires": "2026-12-01"}
    assert violations("protected-production", "aws:rds/instance:Instance", {}, default_tags=tags) == []
    assert violations("protected-production", "aws:rds/instance:Instance", {}) != []


def test_a_read_replica_needs_no_protection() -> None:
    replica = {"replicateSourceDb": "database", "deletionProtection": False}
    assert violations("protected-production", "aws:rds/instance:Instance", replica) == []


def test_an_image_may_have_a_tag_only_in_the_local_stack() -> None:
    tagged = pods(image="boutique.local/cart:1")
    assert violations("images-by-digest", DEPLOYMENT, tagged, read_stack("local")) == []
    assert violations("images-by-digest", DEPLOYMENT, tagged, read_stack("dev")) != []


def test_tags_may_come_from_the_provider() -> None:
    tags = {"boutique:project": "boutique", "boutique:stack": "dev"}
    assert violations("tagged", "aws:ec2/vpc:Vpc", {"tags": {"Name": "x"}}, default_tags=tags) == []
    assert len(violations("tagged", "aws:ec2/vpc:Vpc", {"tags": {"Name": "x"}})) == 2


@pytest.mark.parametrize("kind", ["aws:cloudwatch/logGroup:LogGroup", "aws:sqs/queue:Queue"])
def test_every_type_must_have_tags_unless_it_is_listed(kind: str) -> None:
    assert len(violations("tagged", kind, {})) == 2


def test_a_tag_may_have_a_value_that_is_not_known_yet() -> None:
    tags = {"Name": UNKNOWN_STRING_VALUE, "boutique:project": "boutique", "boutique:stack": "dev"}
    assert violations("tagged", "aws:ec2/vpc:Vpc", {"tags": tags}) == []


@pytest.mark.parametrize("kind", UNTAGGABLE)
def test_a_listed_type_cannot_have_tags(kind: str) -> None:
    _, path, name = kind.split(":")
    module = importlib.import_module(f"pulumi_aws.{path.partition('/')[0]}")
    assert not hasattr(getattr(module, name), "tags")
    assert violations("tagged", kind, {}) == []


def test_a_container_inherits_the_settings_of_its_pod() -> None:
    context = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    own = {key: value for key, value in CONTAINER["securityContext"].items() if key not in context}
    assert violations("restricted-pods", DEPLOYMENT, pods(pod={"securityContext": context}, securityContext=own)) == []
    contradicted = pods(pod={"securityContext": context}, securityContext=own | {"runAsNonRoot": False})
    assert len(violations("restricted-pods", DEPLOYMENT, contradicted)) == 1
