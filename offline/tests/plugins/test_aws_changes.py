"""What becomes of a change, of drift, of a failure; and what is refused."""

import json
from collections.abc import Iterator
from typing import Any

import botocore.session
import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, status_pb2

from boutique_offline.plugins.properties import UNKNOWN, Secret, decode, encode
from offline.tests.plugins.aws_account import REGION, Declared, Of, World, configured, emulated_account, plugin
from offline.tests.plugins.aws_world import WORLD, allow, trust

Values = dict[str, Any]


@pytest.fixture(scope="module")
def account() -> Iterator[str]:
    with emulated_account() as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def world(account: str) -> Iterator[World]:
    with configured(account) as provider:
        world = World(provider)
        for name, declared in WORLD.items():
            world.make(name, declared)
        yield world


def aws(account: str, service: str) -> Any:
    """A client of the account, for what someone does behind Pulumi's back."""
    return botocore.session.get_session().create_client(
        service, region_name=REGION, endpoint_url=account, aws_access_key_id="test", aws_secret_access_key="test"
    )


_UPDATES: list[tuple[str, Values]] = [
    ("vpc", {"enableDnsHostnames": False}),
    ("vpc", {"tags": {"Name": "other"}}),
    ("route", {"gatewayId": Of("internet"), "natGatewayId": None}),
    ("s3-endpoint", {"routeTableIds": []}),
    ("ingress", {"toPort": 444}),
    ("key", {"enableKeyRotation": False, "description": "other", "policy": allow("kms:Decrypt")}),
    ("logs", {"retentionInDays": 30}),
    ("role", {"description": "other", "maxSessionDuration": 7200, "assumeRolePolicy": trust("eks.amazonaws.com")}),
    ("role-policy", {"policy": allow("logs:CreateLogStream")}),
    ("policy", {"policy": allow("s3:PutObject")}),
    ("repository", {"imageTagMutability": "MUTABLE", "imageScanningConfiguration": {"scanOnPush": False}}),
    ("cluster", {"enabledClusterLogTypes": ["api"]}),
    ("cluster", {"deletionProtection": True}),
    ("cluster", {"deletionProtection": False}),
    ("cluster", {"version": "1.35"}),
    ("entry", {"kubernetesGroups": ["operations"]}),
    ("entry-policy", {"accessScope": {"type": "namespace", "namespaces": ["shop"]}}),
    ("identity", {"roleArn": Of("cluster-role", "arn")}),
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
    ("topic-policy", {"policy": allow("sns:Subscribe")}),
    ("alarm", {"threshold": 5, "okActions": []}),
    ("budget", {"limitAmount": "200"}),
]


@pytest.mark.parametrize(("name", "changes"), _UPDATES, ids=lambda each: each if isinstance(each, str) else "")
def test_a_change_is_made_in_place_and_then_there_is_none(world: World, name: str, changes: Values) -> None:
    made = world.made[name]
    wanted = {**made.inputs, **world.resolve(changes)}
    inputs = world.check(made.token, name, wanted, made.inputs)
    difference = world.diff(made, inputs)
    assert (sorted(difference.diffs), list(difference.replaces)) == (sorted(changes), [])
    world.update(made, inputs)
    now = world.read(made)
    assert decode(now.inputs) == inputs
    assert not world.diff(made, inputs).diffs


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
def test_what_aws_cannot_change_is_replaced_and_deleted_first_where_it_stands_in_the_way(
    world: World, name: str, changes: Values, first: bool
) -> None:
    made = world.made[name]
    difference = world.diff(made, {**made.inputs, **changes})
    assert {path.partition(".")[0] for path in difference.replaces} == set(changes)
    assert difference.deleteBeforeReplace == first


def test_drift_is_seen(world: World, account: str) -> None:
    aws(account, "ec2").create_tags(Resources=[world.made["subnet"].id], Tags=[{"Key": "Name", "Value": "evil"}])
    assert decode(world.read(world.made["subnet"]).inputs)["tags"] == {"boutique:stack": "dev", "Name": "evil"}
    aws(account, "iam").update_assume_role_policy(RoleName="trial", PolicyDocument=trust("evil.example.com"))
    drifted = decode(world.read(world.made["cluster-role"]).inputs)["assumeRolePolicy"]
    assert json.loads(drifted) == json.loads(trust("evil.example.com"))


def test_what_was_deleted_behind_pulumi_is_gone(world: World, account: str) -> None:
    made = world.make("short", Declared("aws:cloudwatch/logGroup:LogGroup", {"name": "/trial/short"}))
    aws(account, "logs").delete_log_group(logGroupName="/trial/short")
    assert not world.read(made).id
    world.delete(made)


def test_a_preview_makes_nothing_and_knows_what_only_aws_will_tell_to_be_unknown(world: World) -> None:
    inputs = {"name": "/trial/preview", "retentionInDays": 1}
    request = provider_pb2.CreateRequest(
        type="aws:cloudwatch/logGroup:LogGroup", name="preview", properties=encode(inputs), preview=True
    )
    expected = decode(world.provider.Create(request).properties)
    assert expected["arn"] is UNKNOWN
    assert expected["retentionInDays"] == 1
    read = provider_pb2.ReadRequest(
        type=request.type, name="preview", id="/trial/preview", inputs=request.properties, properties=request.properties
    )
    assert not world.provider.Read(read).id


def test_a_name_is_drawn_and_stays(world: World) -> None:
    made = world.made["role"]
    assert made.inputs["name"].startswith("role-")
    assert len(made.inputs["name"]) == len("role-") + 7
    again = world.check(made.token, "role", world.resolve(WORLD["role"].inputs), made.inputs)
    assert again["name"] == made.inputs["name"]


def test_a_failure_after_the_creation_keeps_what_was_made(world: World) -> None:
    group = Declared(
        "aws:rds/parameterGroup:ParameterGroup",
        {"name": "late", "family": "postgres17", "parameters": [{"name": "rds.force_ssl", "value": True}]},
    )
    with pytest.raises(grpc.RpcError) as failure:
        world.make("late", group)
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
def test_a_property_that_is_not_covered_is_named(world: World, token: str, inputs: Values, named: str) -> None:
    answer = world.provider.Check(provider_pb2.CheckRequest(type=token, name="bad", news=encode(inputs)))
    assert named in answer.failures[0].reason
    assert token in answer.failures[0].reason


def test_a_type_and_a_function_that_are_not_covered_are_named(world: World) -> None:
    answer = world.provider.Check(provider_pb2.CheckRequest(type="aws:ec2/instance:Instance", news=encode({})))
    assert "aws:ec2/instance:Instance is not covered" in answer.failures[0].reason
    with pytest.raises(grpc.RpcError, match="getAmi is not covered"):
        world.provider.Invoke(provider_pb2.InvokeRequest(tok="aws:ec2/getAmi:getAmi"))


def test_aws_own_words_and_the_resource_are_told(world: World) -> None:
    with pytest.raises(grpc.RpcError) as failure:
        world.make("again", WORLD["repository"])
    details = str(failure.value)
    assert "aws:ecr/repository:Repository again: CreateRepository: RepositoryAlreadyExistsException" in details


@pytest.mark.parametrize("endpoint", ["https://rds.eu-central-1.amazonaws.com", "http://10.0.0.1:5000", "", None])
def test_no_endpoint_but_one_of_this_machine_is_talked_to(endpoint: str | None) -> None:
    with plugin(endpoint) as provider, pytest.raises(grpc.RpcError, match="BOUTIQUE_AWS_ENDPOINT"):
        provider.Configure(provider_pb2.ConfigureRequest(args=encode({"region": REGION})))


def test_another_account_than_those_allowed_is_refused(account: str) -> None:
    arguments = {"region": REGION, "allowedAccountIds": '["210987654321"]'}
    with plugin(account) as provider, pytest.raises(grpc.RpcError, match="not allowed: 123456789012"):
        provider.Configure(provider_pb2.ConfigureRequest(args=encode(arguments)))
