"""Everything that exists in an account, of the kinds that the program makes and of those that AWS makes beside them.

A key that waits to be deleted does not count, nor a secret that does: AWS keeps both for days, and bills neither.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import botocore.session
import jmespath
from botocore.exceptions import ClientError


@dataclass(frozen=True, order=True)
class Item:
    """One thing in the account; the id of what belongs to another begins with that one's."""

    service: str
    kind: str
    id: str


@dataclass(frozen=True)
class _Listing:
    """`ids` is a JMESPath; with `within`, it is asked for each of that kind, whose id takes the place of "{}"."""

    service: str
    kind: str
    operation: str
    ids: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    within: str | None = None


# Of AWS' own there is always one, or one as soon as something is like it.
_MADE_PARAMETERS: Final = "DBParameterGroups[?!starts_with(DBParameterGroupName, 'default.')].DBParameterGroupName"
_MADE_ALIASES: Final = "Aliases[?!starts_with(AliasName, 'alias/aws/')].AliasName"
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
        {"RouteTableIds": ["{}"]},
        "route-table",
    ),
    _Listing("ec2", "association", "DescribeRouteTables", "RouteTables[].Associations[].RouteTableAssociationId"),
    _Listing("ec2", "vpc-endpoint", "DescribeVpcEndpoints", "VpcEndpoints[?State != 'deleted'].VpcEndpointId"),
    _Listing("ec2", "flow-log", "DescribeFlowLogs", "FlowLogs[].FlowLogId"),
    _Listing("ec2", "security-group", "DescribeSecurityGroups", "SecurityGroups[].GroupId"),
    _Listing("ec2", "security-group-rule", "DescribeSecurityGroupRules", "SecurityGroupRules[].SecurityGroupRuleId"),
    _Listing("ec2", "network-interface", "DescribeNetworkInterfaces", "NetworkInterfaces[].NetworkInterfaceId"),
    _Listing("ec2", "instance", "DescribeInstances", "Reservations[].Instances[].InstanceId"),
    _Listing("ec2", "volume", "DescribeVolumes", "Volumes[].VolumeId"),
    _Listing("ec2", "snapshot", "DescribeSnapshots", "Snapshots[].SnapshotId", {"OwnerIds": ["self"]}),
    _Listing("iam", "role", "ListRoles", "Roles[].RoleName"),
    _Listing("iam", "role-policy", "ListRolePolicies", "PolicyNames", {"RoleName": "{}"}, "role"),
    _Listing(
        "iam",
        "attached-policy",
        "ListAttachedRolePolicies",
        "AttachedPolicies[].PolicyArn",
        {"RoleName": "{}"},
        "role",
    ),
    _Listing("iam", "policy", "ListPolicies", "Policies[].Arn", {"Scope": "Local"}),
    _Listing("iam", "instance-profile", "ListInstanceProfiles", "InstanceProfiles[].InstanceProfileName"),
    _Listing("iam", "oidc-provider", "ListOpenIDConnectProviders", "OpenIDConnectProviderList[].Arn"),
    _Listing("kms", "key", "ListKeys", "Keys[].KeyId"),
    _Listing("kms", "alias", "ListAliases", _MADE_ALIASES),
    _Listing("ecr", "repository", "DescribeRepositories", "repositories[].repositoryName"),
    _Listing("ecr", "image", "ListImages", "imageIds[].imageDigest", {"repositoryName": "{}"}, "repository"),
    _Listing(
        "ecr", "lifecycle-policy", "GetLifecyclePolicy", "[repositoryName]", {"repositoryName": "{}"}, "repository"
    ),
    _Listing("eks", "cluster", "ListClusters", "clusters"),
    _Listing("eks", "access-entry", "ListAccessEntries", "accessEntries", {"clusterName": "{}"}, "cluster"),
    _Listing("eks", "addon", "ListAddons", "addons", {"clusterName": "{}"}, "cluster"),
    _Listing(
        "eks",
        "pod-identity-association",
        "ListPodIdentityAssociations",
        "associations[].associationId",
        {"clusterName": "{}"},
        "cluster",
    ),
    _Listing("rds", "instance", "DescribeDBInstances", "DBInstances[].DBInstanceIdentifier"),
    _Listing("rds", "snapshot", "DescribeDBSnapshots", "DBSnapshots[].DBSnapshotIdentifier"),
    _Listing("rds", "subnet-group", "DescribeDBSubnetGroups", "DBSubnetGroups[].DBSubnetGroupName"),
    _Listing("rds", "parameter-group", "DescribeDBParameterGroups", _MADE_PARAMETERS),
    _Listing("elasticache", "replication-group", "DescribeReplicationGroups", "ReplicationGroups[].ReplicationGroupId"),
    _Listing("elasticache", "cluster", "DescribeCacheClusters", "CacheClusters[].CacheClusterId"),
    _Listing("elasticache", "snapshot", "DescribeSnapshots", "Snapshots[].SnapshotName"),
    _Listing("elasticache", "subnet-group", "DescribeCacheSubnetGroups", "CacheSubnetGroups[].CacheSubnetGroupName"),
    _Listing(
        "elasticache",
        "parameter-group",
        "DescribeCacheParameterGroups",
        "CacheParameterGroups[].CacheParameterGroupName",
    ),
    _Listing("secretsmanager", "secret", "ListSecrets", "SecretList[].ARN"),
    _Listing("s3", "bucket", "ListBuckets", "Buckets[].Name"),
    _Listing(
        "s3", "object", "ListObjectVersions", "Versions[].join('@', [Key, VersionId])", {"Bucket": "{}"}, "bucket"
    ),
    _Listing("acm", "certificate", "ListCertificates", "CertificateSummaryList[].CertificateArn"),
    _Listing("elbv2", "load-balancer", "DescribeLoadBalancers", "LoadBalancers[].LoadBalancerArn"),
    _Listing("elbv2", "target-group", "DescribeTargetGroups", "TargetGroups[].TargetGroupArn"),
    _Listing(
        "elbv2", "listener", "DescribeListeners", "Listeners[].ListenerArn", {"LoadBalancerArn": "{}"}, "load-balancer"
    ),
    _Listing("elbv2", "rule", "DescribeRules", "Rules[?!IsDefault].RuleArn", {"ListenerArn": "{}"}, "listener"),
    _Listing("logs", "log-group", "DescribeLogGroups", "logGroups[].logGroupName"),
    _Listing("cloudwatch", "alarm", "DescribeAlarms", "MetricAlarms[].AlarmName"),
    _Listing("sns", "topic", "ListTopics", "Topics[].TopicArn"),
    _Listing("sns", "subscription", "ListSubscriptions", "Subscriptions[].SubscriptionArn"),
    _Listing("budgets", "budget", "DescribeBudgets", "Budgets[].BudgetName", {"AccountId": "account"}),
)


def inventory(endpoint: str, region: str) -> frozenset[Item]:
    """What the emulated account at the endpoint has in the region, and what it has of no region."""
    account = _Account(endpoint, region)
    return frozenset(item for listing in _LISTINGS for item in account.items(listing))


class _Account:
    def __init__(self, endpoint: str, region: str) -> None:
        self._endpoint = endpoint
        self._region = region
        self._session = botocore.session.get_session()
        self._clients: dict[str, Any] = {}
        self._own: dict[tuple[str, str], list[str]] = {}
        [identity] = self._answers("sts", "GetCallerIdentity", {})
        self._number = identity["Account"]

    def items(self, listing: _Listing) -> Iterator[Item]:
        """What is of the listing's kind; its owners must have been listed before."""
        own = self._own.setdefault((listing.service, listing.kind), [])
        if listing.within is None:
            for identifier in self._ids(listing, ""):
                own.append(identifier)
                yield Item(listing.service, listing.kind, identifier)
            return
        for owner in self._own[listing.service, listing.within]:
            for identifier in self._ids(listing, owner):
                own.append(identifier)
                yield Item(listing.service, listing.kind, f"{owner}/{identifier}")

    def _ids(self, listing: _Listing, owner: str) -> Iterator[str]:
        arguments = {name: self._fill(value, owner) for name, value in listing.arguments.items()}
        for answer in self._answers(listing.service, listing.operation, arguments):
            for identifier in jmespath.search(listing.ids, answer) or []:
                if listing.kind != "key" or self._is_kept(identifier):
                    yield identifier

    def _fill(self, value: Any, owner: str) -> Any:
        if isinstance(value, list):
            return [self._fill(item, owner) for item in value]
        return self._number if value == "account" else value.replace("{}", owner)

    def _is_kept(self, key: str) -> bool:
        [answer] = self._answers("kms", "DescribeKey", {"KeyId": key})
        return bool(answer["KeyMetadata"]["KeyState"] != "PendingDeletion")

    def _answers(self, service: str, operation: str, arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        client = self._client(service)
        [method] = [name for name, known in client.meta.method_to_api_mapping.items() if known == operation]
        try:
            if client.can_paginate(method):
                yield from client.get_paginator(method).paginate(**arguments)
            else:
                yield getattr(client, method)(**arguments)
        except ClientError as error:
            # Such as the policy of a repository that has none.
            if "NotFound" not in error.response["Error"]["Code"]:
                raise

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._session.create_client(
                service,
                region_name=self._region,
                endpoint_url=self._endpoint,
                aws_access_key_id="rehearsal",
                aws_secret_access_key="rehearsal",  # noqa: S106 - the emulated account takes any
            )
        return self._clients[service]
