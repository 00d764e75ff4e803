"""Lists everything in an emulated account: what the program creates, and what AWS creates beside it.

Keys and secrets that are scheduled for deletion are left out: AWS keeps both for days and bills neither.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import botocore.session
import jmespath
from botocore.exceptions import ClientError


@dataclass(frozen=True, order=True)
class Item:
    """One resource in the account. The id of a part of another resource starts with that resource's id."""

    service: str
    kind: str
    id: str


@dataclass(frozen=True)
class _Listing:
    """How to list the resources of one kind.

    Args:
        service: Service, as botocore names it.
        kind: Name of the kind in items.
        operation: Operation that lists the resources.
        ids: JMESPath of their ids in the response.
        owner: Kind of the resource that they belong to, and the member of the request that takes its id.
        arguments: Other members of the request. "{account}" is replaced by the account's number.
    """

    service: str
    kind: str
    operation: str
    ids: str
    owner: tuple[str, str] | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)


# AWS has default groups and aliases of its own, which appear with the first resource that uses them.
_OWN_PARAMETERS: Final = "DBParameterGroups[?!starts_with(DBParameterGroupName, 'default.')].DBParameterGroupName"
_OWN_ALIASES: Final = "Aliases[?!starts_with(AliasName, 'alias/aws/')].AliasName"
_CACHE_PARAMETERS: Final = "CacheParameterGroups[].CacheParameterGroupName"
_LISTINGS: Final = (
    _Listing("ec2", "vpc", "DescribeVpcs", "Vpcs[].VpcId"),
    _Listing("ec2", "subnet", "DescribeSubnets", "Subnets[].SubnetId"),
    _Listing("ec2", "internet-gateway", "DescribeInternetGateways", "InternetGateways[].InternetGatewayId"),
    _Listing("ec2", "nat-gateway", "DescribeNatGateways", "NatGateways[?State != 'deleted'].NatGatewayId"),
    _Listing("ec2", "elastic-ip", "DescribeAddresses", "Addresses[].AllocationId"),
    _Listing("ec2", "route-table", "DescribeRouteTables", "RouteTables[].RouteTableId"),
    _Listing(
        "ec2",
        "route",
        "DescribeRouteTables",
        "RouteTables[].Routes[].DestinationCidrBlock",
        ("route-table", "RouteTableIds"),
    ),
    _Listing("ec2", "association", "DescribeRouteTables", "RouteTables[].Associations[].RouteTableAssociationId"),
    _Listing("ec2", "vpc-endpoint", "DescribeVpcEndpoints", "VpcEndpoints[?State != 'deleted'].VpcEndpointId"),
    _Listing("ec2", "flow-log", "DescribeFlowLogs", "FlowLogs[].FlowLogId"),
    _Listing("ec2", "security-group", "DescribeSecurityGroups", "SecurityGroups[].GroupId"),
    _Listing("ec2", "security-group-rule", "DescribeSecurityGroupRules", "SecurityGroupRules[].SecurityGroupRuleId"),
    _Listing("ec2", "network-interface", "DescribeNetworkInterfaces", "NetworkInterfaces[].NetworkInterfaceId"),
    _Listing("ec2", "instance", "DescribeInstances", "Reservations[].Instances[].InstanceId"),
    _Listing("ec2", "volume", "DescribeVolumes", "Volumes[].VolumeId"),
    _Listing("ec2", "snapshot", "DescribeSnapshots", "Snapshots[].SnapshotId", arguments={"OwnerIds": ["self"]}),
    _Listing("iam", "role", "ListRoles", "Roles[].RoleName"),
    _Listing("iam", "role-policy", "ListRolePolicies", "PolicyNames", ("role", "RoleName")),
    _Listing(
        "iam", "attached-policy", "ListAttachedRolePolicies", "AttachedPolicies[].PolicyArn", ("role", "RoleName")
    ),
    _Listing("kms", "key", "ListKeys", "Keys[].KeyId"),
    _Listing("kms", "alias", "ListAliases", _OWN_ALIASES),
    _Listing("ecr", "repository", "DescribeRepositories", "repositories[].repositoryName"),
    _Listing("ecr", "image", "ListImages", "imageIds[].imageDigest", ("repository", "repositoryName")),
    _Listing("ecr", "lifecycle-policy", "GetLifecyclePolicy", "[repositoryName]", ("repository", "repositoryName")),
    _Listing("eks", "cluster", "ListClusters", "clusters"),
    _Listing("eks", "access-entry", "ListAccessEntries", "accessEntries", ("cluster", "clusterName")),
    _Listing("eks", "addon", "ListAddons", "addons", ("cluster", "clusterName")),
    _Listing(
        "eks",
        "pod-identity-association",
        "ListPodIdentityAssociations",
        "associations[].associationId",
        ("cluster", "clusterName"),
    ),
    _Listing("rds", "instance", "DescribeDBInstances", "DBInstances[].DBInstanceIdentifier"),
    _Listing("rds", "snapshot", "DescribeDBSnapshots", "DBSnapshots[].DBSnapshotIdentifier"),
    _Listing("rds", "subnet-group", "DescribeDBSubnetGroups", "DBSubnetGroups[].DBSubnetGroupName"),
    _Listing("rds", "parameter-group", "DescribeDBParameterGroups", _OWN_PARAMETERS),
    _Listing("elasticache", "replication-group", "DescribeReplicationGroups", "ReplicationGroups[].ReplicationGroupId"),
    _Listing("elasticache", "cluster", "DescribeCacheClusters", "CacheClusters[].CacheClusterId"),
    _Listing("elasticache", "snapshot", "DescribeSnapshots", "Snapshots[].SnapshotName"),
    _Listing("elasticache", "subnet-group", "DescribeCacheSubnetGroups", "CacheSubnetGroups[].CacheSubnetGroupName"),
    _Listing("elasticache", "parameter-group", "DescribeCacheParameterGroups", _CACHE_PARAMETERS),
    _Listing("secretsmanager", "secret", "ListSecrets", "SecretList[].ARN"),
    _Listing("s3", "bucket", "ListBuckets", "Buckets[].Name"),
    _Listing("s3", "object", "ListObjectVersions", "Versions[].join('@', [Key, VersionId])", ("bucket", "Bucket")),
    _Listing("acm", "certificate", "ListCertificates", "CertificateSummaryList[].CertificateArn"),
    _Listing("elbv2", "load-balancer", "DescribeLoadBalancers", "LoadBalancers[].LoadBalancerArn"),
    _Listing("elbv2", "target-group", "DescribeTargetGroups", "TargetGroups[].TargetGroupArn"),
    _Listing("elbv2", "listener", "DescribeListeners", "Listeners[].ListenerArn", ("load-balancer", "LoadBalancerArn")),
    _Listing("elbv2", "rule", "DescribeRules", "Rules[?!IsDefault].RuleArn", ("listener", "ListenerArn")),
    _Listing("logs", "log-group", "DescribeLogGroups", "logGroups[].logGroupName"),
    _Listing("cloudwatch", "alarm", "DescribeAlarms", "MetricAlarms[].AlarmName"),
    _Listing("sns", "topic", "ListTopics", "Topics[].TopicArn"),
    _Listing("sns", "subscription", "ListSubscriptions", "Subscriptions[].SubscriptionArn"),
    _Listing("budgets", "budget", "DescribeBudgets", "Budgets[].BudgetName", arguments={"AccountId": "{account}"}),
)


def inventory(endpoint: str, region: str) -> frozenset[Item]:
    """Returns everything in the region of the emulated account, and everything that is global."""
    account = _Account(endpoint, region)
    return frozenset(item for listing in _LISTINGS for item in account.items(listing))


class _Account:
    def __init__(self, endpoint: str, region: str) -> None:
        self._endpoint = endpoint
        self._region = region
        self._session = botocore.session.get_session()
        self._clients: dict[str, Any] = {}
        self._listed: dict[tuple[str, str], list[str]] = {}
        [identity] = self._call("sts", "GetCallerIdentity", {})
        self._number = identity["Account"]

    def items(self, listing: _Listing) -> Iterator[Item]:
        """Yields the resources of a kind. The kind of their owners must have been listed before."""
        listed = self._listed.setdefault((listing.service, listing.kind), [])
        owners = self._listed[listing.service, listing.owner[0]] if listing.owner else [""]
        for owner in owners:
            for identifier in self._ids(listing, owner):
                listed.append(identifier)
                yield Item(listing.service, listing.kind, f"{owner}/{identifier}" if owner else identifier)

    def _ids(self, listing: _Listing, owner: str) -> Iterator[str]:
        arguments = {name: self._number if value == "{account}" else value for name, value in listing.arguments.items()}
        if listing.owner:
            model = self._client(listing.service).meta.service_model.operation_model(listing.operation)
            name = listing.owner[1]
            arguments[name] = [owner] if model.input_shape.members[name].type_name == "list" else owner
        for response in self._call(listing.service, listing.operation, arguments):
            for identifier in jmespath.search(listing.ids, response) or []:
                if listing.kind != "key" or not self._is_scheduled_for_deletion(identifier):
                    yield identifier

    def _is_scheduled_for_deletion(self, key: str) -> bool:
        [response] = self._call("kms", "DescribeKey", {"KeyId": key})
        return bool(response["KeyMetadata"]["KeyState"] == "PendingDeletion")

    def _call(self, service: str, operation: str, arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        client = self._client(service)
        [method] = [name for name, known in client.meta.method_to_api_mapping.items() if known == operation]
        try:
            if client.can_paginate(method):
                yield from client.get_paginator(method).paginate(**arguments)
            else:
                yield getattr(client, method)(**arguments)
        except ClientError as error:
            # For example the lifecycle policy of a repository without one.
            if "NotFound" not in error.response["Error"]["Code"]:
                raise

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._session.create_client(
                service,
                region_name=self._region,
                endpoint_url=self._endpoint,
                aws_access_key_id="rehearsal",
                aws_secret_access_key="rehearsal",  # noqa: S106 - the emulated account accepts any
            )
        return self._clients[service]
