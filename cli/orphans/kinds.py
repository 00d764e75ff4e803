"""The kinds of resources that can be orphans, in the order in which they can be removed.

A row tells how to list the resources of a kind, what to read of each, and how to remove one. Resources that only Pulumi
removes have no `remove`. They cost money while they exist, so they are reported.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra.aws.naming import Naming
from infra.config.aws import AwsSettings

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

Prefixes = Callable[[Naming, AwsSettings], list[str]]
"""Returns prefixes of names. None of them is a prefix of another stack's names."""

KEY_ARN = "kms:key/"


def _no_prefixes(*_: object) -> list[str]:
    return []


@dataclass(frozen=True)
class Kind:
    """A kind of resource.

    Args:
        found: A JMESPath over a response of `operation`. Yields objects with `id` and, where available, `name`, `tags`,
            `network` (the id of the VPC) and `arn`.
        arn: The service and the prefix in an ARN, for `Account.arn`.
        arguments: The arguments of `operation`.
        names: Prefixes that identify the stack's resources.
        kept: Prefixes of resources that a destroy keeps on purpose.
        remove: Removes a resource. Takes the client of `service` and the id.
    """

    title: str
    service: str
    operation: str
    found: str
    arn: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    names: Prefixes = _no_prefixes
    kept: Prefixes = _no_prefixes
    remove: Callable[[Any, str], object] | None = None


def _delete(operation: str, argument: str, **others: Any) -> Callable[[Any, str], object]:
    """Returns a function that removes a resource by one operation, which takes its id as `argument`."""
    return lambda client, identifier: getattr(client, operation)(**{argument: identifier}, **others)


def _terminate_instance(ec2: "EC2Client", instance: str) -> object:
    return ec2.terminate_instances(InstanceIds=[instance])


def _delete_security_group(ec2: "EC2Client", group: str) -> None:
    """Deletes the rules first, since two groups with rules that name each other could not be deleted otherwise."""
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    if incoming := [rule["SecurityGroupRuleId"] for rule in rules if not rule["IsEgress"]]:
        ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=incoming)
    if outgoing := [rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"]]:
        ec2.revoke_security_group_egress(GroupId=group, SecurityGroupRuleIds=outgoing)
    ec2.delete_security_group(GroupId=group)


def _final_snapshots(store: str) -> Prefixes:
    return lambda naming, _: [naming.name(store, "final-")]


def _log_groups(naming: Naming, settings: AwsSettings) -> list[str]:
    """Returns prefixes of log groups, which AWS recreates without tags if a service still writes after a destroy.

    Source: the names in infra/aws.
    """
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
    """Returns the stack's name with a slash, which makes it a prefix of no other stack's name."""
    return [f"{naming.name()}/"]


KINDS = (
    Kind(
        "load balancer",
        "elbv2",
        "describe_load_balancers",
        "LoadBalancers[].{id: LoadBalancerArn, arn: LoadBalancerArn, network: VpcId}",
        "elasticloadbalancing:loadbalancer/",
        remove=_delete("delete_load_balancer", "LoadBalancerArn"),
    ),
    Kind(
        "target group",
        "elbv2",
        "describe_target_groups",
        "TargetGroups[].{id: TargetGroupArn, arn: TargetGroupArn, network: VpcId}",
        "elasticloadbalancing:targetgroup/",
        remove=_delete("delete_target_group", "TargetGroupArn"),
    ),
    Kind(
        "instance",
        "ec2",
        "describe_instances",
        "Reservations[].Instances[?State.Name != 'terminated'][].{id: InstanceId, tags: Tags, network: VpcId}",
        "ec2:instance/",
        remove=_terminate_instance,
    ),
    Kind(
        "network interface",
        "ec2",
        "describe_network_interfaces",
        "NetworkInterfaces[].{id: NetworkInterfaceId, tags: TagSet, network: VpcId}",
        "ec2:network-interface/",
        remove=_delete("delete_network_interface", "NetworkInterfaceId"),
    ),
    Kind(
        "security group",
        "ec2",
        "describe_security_groups",
        # A default group can only be deleted with its network.
        "SecurityGroups[?GroupName != 'default'].{id: GroupId, tags: Tags, network: VpcId}",
        "ec2:security-group/",
        remove=_delete_security_group,
    ),
    Kind(
        "volume",
        "ec2",
        "describe_volumes",
        "Volumes[].{id: VolumeId, tags: Tags}",
        "ec2:volume/",
        remove=_delete("delete_volume", "VolumeId"),
    ),
    Kind(
        "volume snapshot",
        "ec2",
        "describe_snapshots",
        "Snapshots[].{id: SnapshotId, tags: Tags}",
        "ec2:snapshot/",
        {"OwnerIds": ["self"]},
        remove=_delete("delete_snapshot", "SnapshotId"),
    ),
    Kind(
        "database snapshot",
        "rds",
        "describe_db_snapshots",
        # Automated snapshots can only be deleted with their instance.
        "DBSnapshots[?SnapshotType != 'automated']"
        ".{id: DBSnapshotIdentifier, name: DBSnapshotIdentifier, tags: TagList}",
        "rds:snapshot:",
        kept=_final_snapshots("database"),
        remove=_delete("delete_db_snapshot", "DBSnapshotIdentifier"),
    ),
    Kind(
        "cache snapshot",
        "elasticache",
        "describe_snapshots",
        "Snapshots[].{id: SnapshotName, name: SnapshotName}",
        "elasticache:snapshot:",
        kept=_final_snapshots("cart-data"),
        remove=_delete("delete_snapshot", "SnapshotName"),
    ),
    Kind(
        "log group",
        "logs",
        "describe_log_groups",
        "logGroups[].{id: logGroupName, name: logGroupName}",
        "logs:log-group:",
        names=_log_groups,
        remove=_delete("delete_log_group", "logGroupName"),
    ),
    Kind(
        "secret",
        "secretsmanager",
        "list_secrets",
        "SecretList[].{id: ARN, arn: ARN, tags: Tags}",
        "secretsmanager:secret:",
        arguments={"IncludePlannedDeletion": True},
        # A secret that is scheduled for deletion blocks its name for the next stack.
        remove=_delete("delete_secret", "SecretId", ForceDeleteWithoutRecovery=True),
    ),
    Kind(
        "images",
        "ecr",
        "describe_repositories",
        "repositories[].{id: repositoryName, name: repositoryName}",
        "ecr:repository/",
        names=_own_path,
        remove=_delete("delete_repository", "repositoryName", force=True),
    ),
    Kind(
        "NAT gateway",
        "ec2",
        "describe_nat_gateways",
        "NatGateways[?State != 'deleted'].{id: NatGatewayId, tags: Tags, network: VpcId}",
        "ec2:natgateway/",
    ),
    Kind("elastic IP", "ec2", "describe_addresses", "Addresses[].{id: AllocationId, tags: Tags}", "ec2:elastic-ip/"),
    Kind(
        "VPC endpoint",
        "ec2",
        "describe_vpc_endpoints",
        "VpcEndpoints[?State != 'deleted'].{id: VpcEndpointId, tags: Tags, network: VpcId}",
        "ec2:vpc-endpoint/",
    ),
    Kind(
        "database", "rds", "describe_db_instances", "DBInstances[].{id: DBInstanceIdentifier, tags: TagList}", "rds:db:"
    ),
    Kind(
        "cache",
        "elasticache",
        "describe_replication_groups",
        "ReplicationGroups[].{id: ReplicationGroupId}",
        "elasticache:replicationgroup:",
    ),
    Kind(
        "cluster",
        "eks",
        "list_clusters",
        "clusters[].{id: @, name: join('', [@, '/'])}",
        "eks:cluster/",
        names=_own_path,
    ),
    Kind("bucket", "s3", "list_buckets", "Buckets[].{id: Name}", "s3"),
    Kind("network", "ec2", "describe_vpcs", "Vpcs[].{id: VpcId, tags: Tags}", "ec2:vpc/"),
)
