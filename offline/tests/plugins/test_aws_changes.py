"""Tests changes, replacements, drift, failures and refusals of the emulated aws plugin."""

import json
from collections.abc import Iterator
from typing import Any

import botocore.session
import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, status_pb2

from boutique_offline.plugins.properties import UNKNOWN, Secret, decode, encode
from offline.tests.plugins.aws_account import REGION, Declared, Deployment, Output, configured, emulated_account, plugin
from offline.tests.plugins.aws_resources import RESOURCES, allow, trust

Values = dict[str, Any]


@pytest.fixture(scope="module")
def account() -> Iterator[str]:
    with emulated_account() as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def deployment(account: str) -> Iterator[Deployment]:
    with configured(account) as provider:
        deployment = Deployment(provider)
        for name, declared in RESOURCES.items():
            deployment.create(name, declared)
        yield deployment


def aws(account: str, service: str) -> Any:
    """Returns a client of the account, for changes that do not come from Pulumi."""
    return botocore.session.get_session().create_client(
        service, region_name=REGION, endpoint_url=account, aws_access_key_id="test", aws_secret_access_key="test"
    )


_UPDATES: list[tuple[str, Values]] = [
    ("vpc", {"enableDnsHostnames": False}),
    ("vpc", {"tags": {"Name": "other"}}),
    ("route", {"gatewayId": Output("internet"), "natGatewayId": None}),
    ("s3-endpoint", {"routeTableIds": []}),
    ("ingress", {"toPort": 444}),
    ("key", {"enableKeyRotation": False, "description": "other", "policy": allow("kms:Decrypt")}),
    ("logs", {"retentionInDays": 30}),
    ("role", {"description": "other", "maxSessionDuration": 7200, "assumeRolePolicy": trust("eks.amazonaws.com")}),
    ("role-policy", {"policy": allow("logs:CreateLogStream")}),
    ("repository", {"imageTagMutability": "MUTABLE", "imageScanningConfiguration": {"scanOnPush": False}}),
    ("cluster", {"enabledClusterLogTypes": ["api"]}),
    ("cluster", {"deletionProtection": True}),
    ("cluster", {"deletionProtection": False}),
    ("cluster", {"version": "1.35"}),
    ("entry", {"kubernetesGroups": ["operations"]}),
    ("entry-policy", {"accessScope": {"type": "namespace", "namespaces": ["shop"]}}),
    ("identity", {"roleArn": Output("cluster-role", "arn")}),
    ("addon", {"configurationValues": '{"replicas": 2}'}),
    ("database-parameters", {"parameters": [{"name": "rds.force_ssl", "value": "0"}]}),
    ("database", {"instanceClass": "db.t4g.small", "allocatedStorage": 30, "multiAz": False}),
    ("database", {"enabledCloudwatchLogsExports": ["postgresql"]}),
    ("database-subnets", {"description": "other"}),
    ("cache-parameters", {"parameters": [{"name": "maxmemory-policy", "value": "volatile-lru"}]}),
    ("cache", {"nodeType": "cache.t4g.small", "snapshotRetentionLimit": 5}),
    ("cache", {"numCacheClusters": 3}),
    ("cache", {"numCacheClusters": 2}),
    ("secret", {"description": "other"}),
    ("bucket", {"tags": {"Name": "other"}}),
    ("bucket-policy", {"policy": allow("s3:PutObject")}),
    ("public-access", {"blockPublicAcls": False}),
    ("balancer", {"idleTimeout": 90}),
    ("targets", {"deregistrationDelay": 60, "healthCheck": {"path": "/live"}}),
    ("rule", {"conditions": [{"hostHeader": {"values": ["other.example.com"]}}]}),
    ("alarm", {"threshold": 5, "okActions": []}),
    ("budget", {"limitAmount": "200"}),
]


@pytest.mark.parametrize(("name", "changes"), _UPDATES, ids=lambda each: each if isinstance(each, str) else "")
def test_an_update_leaves_no_difference(deployment: Deployment, name: str, changes: Values) -> None:
    resource = deployment.resources[name]
    wanted = {**resource.inputs, **deployment.resolve(changes)}
    inputs = deployment.check(resource.token, name, wanted, resource.inputs)
    difference = deployment.diff(resource, inputs)
    assert (sorted(difference.diffs), list(difference.replaces)) == (sorted(changes), [])
    deployment.update(resource, inputs)
    now = deployment.read(resource)
    assert decode(now.inputs) == inputs
    assert not deployment.diff(resource, inputs).diffs


_REPLACEMENTS: list[tuple[str, Values, bool]] = [
    ("vpc", {"cidrBlock": "10.8.0.0/16"}, False),
    ("subnet", {"availabilityZone": "eu-central-1c"}, False),
    ("association", {"routeTableId": "rtb-1"}, True),
    ("repository", {"encryptionConfigurations": [{"encryptionType": "AES256"}]}, True),
    ("cluster", {"roleArn": "arn:aws:iam::123456789012:role/other"}, True),
    ("cluster", {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.100.0.0/16"}}, True),
    ("database", {"storageEncrypted": False}, True),
    ("database", {"identifier": "other"}, False),
    ("cache", {"atRestEncryptionEnabled": False}, True),
    ("bucket", {"bucket": "trial-others"}, False),
    ("secret-version", {"secretString": Secret("other")}, False),
    ("role", {"path": "/trial/"}, False),
]


@pytest.mark.parametrize(("name", "changes", "first"), _REPLACEMENTS)
def test_a_property_that_aws_cannot_change_replaces_the_resource(
    deployment: Deployment, name: str, changes: Values, first: bool
) -> None:
    resource = deployment.resources[name]
    difference = deployment.diff(resource, {**resource.inputs, **changes})
    assert {path.partition(".")[0] for path in difference.replaces} == set(changes)
    assert difference.deleteBeforeReplace == first


def test_drift_is_detected(deployment: Deployment, account: str) -> None:
    aws(account, "ec2").create_tags(
        Resources=[deployment.resources["subnet"].id], Tags=[{"Key": "Name", "Value": "evil"}]
    )
    assert decode(deployment.read(deployment.resources["subnet"]).inputs)["tags"] == {
        "boutique:stack": "dev",
        "Name": "evil",
    }
    aws(account, "iam").update_assume_role_policy(RoleName="trial", PolicyDocument=trust("evil.example.com"))
    drifted = decode(deployment.read(deployment.resources["cluster-role"]).inputs)["assumeRolePolicy"]
    assert json.loads(drifted) == json.loads(trust("evil.example.com"))


def test_a_resource_deleted_outside_of_pulumi_is_detected(deployment: Deployment, account: str) -> None:
    resource = deployment.create("short", Declared("aws:cloudwatch/logGroup:LogGroup", {"name": "/trial/short"}))
    aws(account, "logs").delete_log_group(logGroupName="/trial/short")
    assert not deployment.read(resource).id
    deployment.delete(resource)


def test_a_preview_creates_nothing_and_marks_outputs_unknown(deployment: Deployment) -> None:
    inputs = {"name": "/trial/preview", "retentionInDays": 1}
    request = provider_pb2.CreateRequest(
        type="aws:cloudwatch/logGroup:LogGroup", name="preview", properties=encode(inputs), preview=True
    )
    expected = decode(deployment.provider.Create(request).properties)
    assert expected["arn"] is UNKNOWN
    assert expected["retentionInDays"] == 1
    read = provider_pb2.ReadRequest(
        type=request.type, name="preview", id="/trial/preview", inputs=request.properties, properties=request.properties
    )
    assert not deployment.provider.Read(read).id


def test_a_generated_name_is_kept(deployment: Deployment) -> None:
    resource = deployment.resources["role"]
    assert resource.inputs["name"].startswith("role-")
    assert len(resource.inputs["name"]) == len("role-") + 7
    again = deployment.check(resource.token, "role", deployment.resolve(RESOURCES["role"].inputs), resource.inputs)
    assert again["name"] == resource.inputs["name"]


def test_a_failure_after_the_creation_keeps_the_resource(deployment: Deployment) -> None:
    group = Declared(
        "aws:rds/parameterGroup:ParameterGroup",
        {"name": "late", "family": "postgres17", "parameters": [{"name": "rds.force_ssl", "value": True}]},
    )
    with pytest.raises(grpc.RpcError) as failure:
        deployment.create("late", group)
    metadata: Any = failure.value.trailing_metadata()
    detail = provider_pb2.ErrorResourceInitFailed()
    status_pb2.Status.FromString(dict(metadata)["grpc-status-details-bin"]).details[0].Unpack(detail)
    assert detail.id == "late"
    assert "ModifyDBParameterGroup" in detail.reasons[0]


@pytest.mark.parametrize(
    ("token", "inputs", "named"),
    [
        ("aws:rds/instance:Instance", {"domain": "x", "blueGreenUpdate": {"enabled": True}}, "blueGreenUpdate"),
        ("aws:eks/cluster:Cluster", {"vpcConfig": {"subnetIds": [], "color": "red"}}, "vpcConfig.color"),
        ("aws:ec2/vpc:Vpc", {"region": "us-east-1"}, "us-east-1"),
        (
            "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
            {"vpcId": "v", "ingress": [{"protocol": "-1"}]},
            "ingress",
        ),
        ("aws:lb/listenerRule:ListenerRule", {"conditions": [{"queryStrings": [{}]}]}, "queryStrings"),
    ],
)
def test_an_uncovered_property_is_named(deployment: Deployment, token: str, inputs: Values, named: str) -> None:
    response = deployment.provider.Check(provider_pb2.CheckRequest(type=token, name="bad", news=encode(inputs)))
    assert named in response.failures[0].reason
    assert token in response.failures[0].reason


def test_an_uncovered_type_and_function_are_named(deployment: Deployment) -> None:
    response = deployment.provider.Check(provider_pb2.CheckRequest(type="aws:ec2/instance:Instance", news=encode({})))
    assert "aws:ec2/instance:Instance is not covered" in response.failures[0].reason
    with pytest.raises(grpc.RpcError, match="getAmi is not covered"):
        deployment.provider.Invoke(provider_pb2.InvokeRequest(tok="aws:ec2/getAmi:getAmi"))


def test_an_error_has_the_resource_and_the_message_of_aws(deployment: Deployment) -> None:
    with pytest.raises(grpc.RpcError) as failure:
        deployment.create("again", RESOURCES["repository"])
    details = str(failure.value)
    assert "aws:ecr/repository:Repository again: CreateRepository: RepositoryAlreadyExistsException" in details


@pytest.mark.parametrize("endpoint", ["https://rds.eu-central-1.amazonaws.com", "http://10.0.0.1:5000", "", None])
def test_an_endpoint_that_is_not_on_this_machine_is_refused(endpoint: str | None) -> None:
    with plugin(endpoint) as provider, pytest.raises(grpc.RpcError, match="BOUTIQUE_AWS_ENDPOINT"):
        provider.Configure(provider_pb2.ConfigureRequest(args=encode({"region": REGION})))


def test_an_account_that_is_not_allowed_is_refused(account: str) -> None:
    arguments = {"region": REGION, "allowedAccountIds": '["210987654321"]'}
    with plugin(account) as provider, pytest.raises(grpc.RpcError, match="not allowed: 123456789012"):
        provider.Configure(provider_pb2.ConfigureRequest(args=encode(arguments)))
