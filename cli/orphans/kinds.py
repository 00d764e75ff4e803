"""The kinds of things that can be left, in the order in which they are removed: what holds another comes before it.

A row says how a kind is listed, what is read of each, and how one is removed. What Pulumi alone removes has no way of
being removed here: it costs money while it stands, so it is told of.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.account import Account
from infra.aws.naming import Naming
from infra.config.aws import AwsSettings

Names = Callable[[Naming, AwsSettings], list[str]]
"""Beginnings of names that can be no other stack's: none of them is the beginning of another stack's name."""


def _no_names(*_: object) -> list[str]:
    return []


@dataclass(frozen=True)
class Kind:
    """`found` is a JMESPath over an answer of the operation, for objects of `id` and, where there are, `name`, `tags`,
    `network` (the VPC's id) and `arn`, without which `arn` of the kind makes it of the id.

    `kept` has beginnings of names of what a destroy leaves on purpose.
    """

    title: str
    service: str
    operation: str
    found: str
    arn: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    names: Names = _no_names
    kept: Names = _no_names
    remove: Callable[[Account, str], object] | None = None


def _call(service: str, operation: str, argument: str, **others: Any) -> Callable[[Account, str], object]:
    """Removes a thing by one operation that takes its id."""

    def remove(account: Account, identifier: str) -> object:
        return getattr(account.client(service), operation)(**{argument: identifier}, **others)

    return remove


def _terminate(account: Account, instance: str) -> object:
    return account.session.client("ec2").terminate_instances(InstanceIds=[instance])


def _remove_security_group(account: Account, group: str) -> None:
    """Its rules first: while a rule of one group names another, neither can be deleted."""
    ec2 = account.session.client("ec2")
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    if incoming := [rule["SecurityGroupRuleId"] for rule in rules if not rule["IsEgress"]]:
        ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=incoming)
    if outgoing := [rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"]]:
        ec2.revoke_security_group_egress(GroupId=group, SecurityGroupRuleIds=outgoing)
    ec2.delete_security_group(GroupId=group)


def _final_database(naming: Naming, _: AwsSettings) -> list[str]:
    return [naming.name("database", "final-")]


def _final_carts(naming: Naming, _: AwsSettings) -> list[str]:
    return [naming.name("cart-data", "final-")]


def _log_groups(naming: Naming, settings: AwsSettings) -> list[str]:
    """What AWS writes after a destroy makes a group again, without tags. Source: the names in infra/aws."""
    replicas = range(1, settings.database.read_replicas + 1)
    databases = [naming.name("database"), *(naming.name("database", "replica", str(number)) for number in replicas)]
    caches = [naming.name("cart-data"), naming.name("session-data")]
    return [
        f"/{naming.name()}/",
        f"/aws/eks/{naming.name()}/",
        f"/aws/containerinsights/{naming.name()}/",
        *(f"/aws/rds/instance/{database}/" for database in databases),
        *(f"/aws/elasticache/{cache}/" for cache in caches),
    ]


def _own_path(naming: Naming, _: AwsSettings) -> list[str]:
    """With the slash it is no other stack's beginning."""
    return [f"{naming.name()}/"]


KINDS = (
    Kind(
        "load balancer",
        "elbv2",
        "describe_load_balancers",
        "LoadBalancers[].{id: LoadBalancerArn, arn: LoadBalancerArn, network: VpcId}",
        "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/{id}",
        remove=_call("elbv2", "delete_load_balancer", "LoadBalancerArn"),
    ),
    Kind(
        "target group",
        "elbv2",
        "describe_target_groups",
        "TargetGroups[].{id: TargetGroupArn, arn: TargetGroupArn, network: VpcId}",
        "arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{id}",
        remove=_call("elbv2", "delete_target_group", "TargetGroupArn"),
    ),
    Kind(
        "instance",
        "ec2",
        "describe_instances",
        "Reservations[].Instances[?State.Name != 'terminated'][].{id: InstanceId, tags: Tags, network: VpcId}",
        "arn:aws:ec2:{region}:{account}:instance/{id}",
        remove=_terminate,
    ),
    Kind(
        "network interface",
        "ec2",
        "describe_network_interfaces",
        "NetworkInterfaces[].{id: NetworkInterfaceId, tags: TagSet, network: VpcId}",
        "arn:aws:ec2:{region}:{account}:network-interface/{id}",
        remove=_call("ec2", "delete_network_interface", "NetworkInterfaceId"),
    ),
    Kind(
        "security group",
        "ec2",
        "describe_security_groups",
        # A network's default group is deleted with it, and in no other way.
        "SecurityGroups[?GroupName != 'default'].{id: GroupId, tags: Tags, network: VpcId}",
        "arn:aws:ec2:{region}:{account}:security-group/{id}",
        remove=_remove_security_group,
    ),
    Kind(
        "volume",
        "ec2",
        "describe_volumes",
        "Volumes[].{id: VolumeId, tags: Tags}",
        "arn:aws:ec2:{region}:{account}:volume/{id}",
        remove=_call("ec2", "delete_volume", "VolumeId"),
    ),
    Kind(
        "volume snapshot",
        "ec2",
        "describe_snapshots",
        "Snapshots[].{id: SnapshotId, tags: Tags}",
        "arn:aws:ec2:{region}:{account}:snapshot/{id}",
        {"OwnerIds": ["self"]},
        remove=_call("ec2", "delete_snapshot", "SnapshotId"),
    ),
    Kind(
        "database snapshot",
        "rds",
        "describe_db_snapshots",
        # Automated ones are deleted with their instance, and in no other way.
        "DBSnapshots[?SnapshotType != 'automated']"
        ".{id: DBSnapshotIdentifier, name: DBSnapshotIdentifier, tags: TagList}",
        "arn:aws:rds:{region}:{account}:snapshot:{id}",
        kept=_final_database,
        remove=_call("rds", "delete_db_snapshot", "DBSnapshotIdentifier"),
    ),
    Kind(
        "cache snapshot",
        "elasticache",
        "describe_snapshots",
        "Snapshots[].{id: SnapshotName, name: SnapshotName}",
        "arn:aws:elasticache:{region}:{account}:snapshot:{id}",
        kept=_final_carts,
        remove=_call("elasticache", "delete_snapshot", "SnapshotName"),
    ),
    Kind(
        "log group",
        "logs",
        "describe_log_groups",
        "logGroups[].{id: logGroupName, name: logGroupName}",
        "arn:aws:logs:{region}:{account}:log-group:{id}",
        names=_log_groups,
        remove=_call("logs", "delete_log_group", "logGroupName"),
    ),
    Kind(
        "secret",
        "secretsmanager",
        "list_secrets",
        "SecretList[].{id: ARN, arn: ARN, tags: Tags}",
        "arn:aws:secretsmanager:{region}:{account}:secret:{id}",
        arguments={"IncludePlannedDeletion": True},
        # One that waits to be deleted keeps its name from the next stack.
        remove=_call("secretsmanager", "delete_secret", "SecretId", ForceDeleteWithoutRecovery=True),
    ),
    Kind(
        "images",
        "ecr",
        "describe_repositories",
        "repositories[].{id: repositoryName, name: repositoryName}",
        "arn:aws:ecr:{region}:{account}:repository/{id}",
        names=_own_path,
        remove=_call("ecr", "delete_repository", "repositoryName", force=True),
    ),
    Kind(
        "NAT gateway",
        "ec2",
        "describe_nat_gateways",
        "NatGateways[?State != 'deleted'].{id: NatGatewayId, tags: Tags, network: VpcId}",
        "arn:aws:ec2:{region}:{account}:natgateway/{id}",
    ),
    Kind(
        "elastic IP",
        "ec2",
        "describe_addresses",
        "Addresses[].{id: AllocationId, tags: Tags}",
        "arn:aws:ec2:{region}:{account}:elastic-ip/{id}",
    ),
    Kind(
        "VPC endpoint",
        "ec2",
        "describe_vpc_endpoints",
        "VpcEndpoints[?State != 'deleted'].{id: VpcEndpointId, tags: Tags, network: VpcId}",
        "arn:aws:ec2:{region}:{account}:vpc-endpoint/{id}",
    ),
    Kind(
        "database",
        "rds",
        "describe_db_instances",
        "DBInstances[].{id: DBInstanceIdentifier, tags: TagList}",
        "arn:aws:rds:{region}:{account}:db:{id}",
    ),
    Kind(
        "cache",
        "elasticache",
        "describe_replication_groups",
        "ReplicationGroups[].{id: ReplicationGroupId}",
        "arn:aws:elasticache:{region}:{account}:replicationgroup:{id}",
    ),
    Kind(
        "cluster",
        "eks",
        "list_clusters",
        "clusters[].{id: @, name: join('', [@, '/'])}",
        "arn:aws:eks:{region}:{account}:cluster/{id}",
        names=_own_path,
    ),
    Kind("bucket", "s3", "list_buckets", "Buckets[].{id: Name}", "arn:aws:s3:::{id}"),
    Kind(
        "network",
        "ec2",
        "describe_vpcs",
        "Vpcs[].{id: VpcId, tags: Tags}",
        "arn:aws:ec2:{region}:{account}:vpc/{id}",
    ),
)
