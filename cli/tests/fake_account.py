"""Creates orphans of every kind, as a stack, its cluster, or AWS would leave them behind."""

from dataclasses import dataclass
from typing import Any

from cli.account import Account
from infra.aws.naming import Naming

MANIFEST = '{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}'

Keys = set[tuple[str, str]]
"""Kinds and ids."""


@dataclass(frozen=True)
class Orphans:
    """The orphans that a sweep removes, by owner, and those that it only reports."""

    of_stack: Keys
    of_cluster: Keys
    reported: Keys


def create_orphans(account: Account, stack: str) -> Orphans:
    """Creates orphans of a stack in the account. It need not be the stack that the account was opened for."""
    creation = _Creation(account, Naming(stack))
    return Orphans(
        {*creation.snapshots(), *creation.log_groups(), *creation.secrets(), creation.images()},
        creation.of_cluster(),
        creation.reported(),
    )


class _Creation:
    def __init__(self, account: Account, naming: Naming) -> None:
        self._account = account
        self._naming = naming
        self._ec2 = account.session.client("ec2")
        self._tags: Any = [{"Key": key, "Value": value} for key, value in naming.tags().items()]

    def _tag_specification(self, kind: Any, tags: Any = None) -> Any:
        return [{"ResourceType": kind, "Tags": tags or self._tags}]

    def _cluster_tag(self, key: str, value: str | None = None) -> Any:
        return [{"Key": key, "Value": value or self._naming.name()}]

    def of_cluster(self) -> Keys:
        """Creates them in a network, which can't be deleted because of them."""
        ec2 = self._ec2
        network = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=self._tag_specification("vpc"))["Vpc"][
            "VpcId"
        ]
        subnets = [
            ec2.create_subnet(VpcId=network, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"eu-central-1{zone}")
            for number, zone in enumerate("ab")
        ]
        subnet, other = (answer["Subnet"]["SubnetId"] for answer in subnets)
        groups = [
            ec2.create_security_group(GroupName=f"k8s-{name}", Description="By the cluster", VpcId=network)["GroupId"]
            for name in ("traffic", "shared")
        ]
        for group, source in (groups, reversed(groups)):
            ec2.authorize_security_group_ingress(
                GroupId=group, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": source}]}]
            )
        interface = ec2.create_network_interface(SubnetId=subnet, Groups=groups[:1])["NetworkInterface"]
        volume = ec2.create_volume(
            AvailabilityZone="eu-central-1a",
            Size=1,
            TagSpecifications=self._tag_specification(
                "volume", self._cluster_tag(f"kubernetes.io/cluster/{self._naming.name()}", "owned")
            ),
        )
        elb = self._account.session.client("elbv2")
        load_balancer = elb.create_load_balancer(
            Name=f"k8s-{self._naming.stack}",
            Subnets=[subnet, other],
            Tags=self._cluster_tag("elbv2.k8s.aws/cluster"),
        )["LoadBalancers"][0]
        target = elb.create_target_group(
            Name=f"k8s-{self._naming.stack}",
            Protocol="HTTP",
            Port=8080,
            TargetType="ip",
            VpcId=network,
            Tags=self._cluster_tag("eks:eks-cluster-name"),
        )["TargetGroups"][0]
        return {
            *(("security group", group) for group in groups),
            ("network interface", interface["NetworkInterfaceId"]),
            ("volume", volume["VolumeId"]),
            ("load balancer", load_balancer["LoadBalancerArn"]),
            ("target group", target["TargetGroupArn"]),
        }

    def snapshots(self) -> Keys:
        name = self._naming.name("by-hand")
        volume = self._ec2.create_volume(AvailabilityZone="eu-central-1a", Size=1)["VolumeId"]
        snapshot = self._ec2.create_snapshot(VolumeId=volume, TagSpecifications=self._tag_specification("snapshot"))
        self._ec2.delete_volume(VolumeId=volume)
        self._snapshot_database(name)
        cache = self._account.session.client("elasticache")
        cache.create_cache_cluster(
            CacheClusterId=name, Engine="redis", NumCacheNodes=1, CacheNodeType="cache.t4g.micro"
        )
        cache.create_snapshot(CacheClusterId=name, SnapshotName=name, Tags=self._tags)
        cache.delete_cache_cluster(CacheClusterId=name)
        return {
            ("volume snapshot", snapshot["SnapshotId"]),
            ("database snapshot", name),
            ("cache snapshot", name),
        }

    def _snapshot_database(self, name: str) -> None:
        rds = self._account.session.client("rds")
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            Engine="postgres",
            DBInstanceClass="db.t4g.micro",
            AllocatedStorage=20,
            MasterUsername="boutique",
            MasterUserPassword="not-a-secret",
        )
        rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=name, Tags=self._tags)
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)

    def log_groups(self) -> Keys:
        """Creates a group with tags, and groups without, like those that AWS recreates."""
        name = self._naming.name()
        logs = self._account.session.client("logs")
        logs.create_log_group(logGroupName=f"application-{name}", tags=dict(self._naming.tags()))
        without = [
            f"/aws/eks/{name}/cluster",
            f"/aws/rds/instance/{name}-database/postgresql",
            f"/aws/elasticache/{name}-cart-data/slow-log",
            f"/{name}/flows",
        ]
        for group in without:
            logs.create_log_group(logGroupName=group)
        return {("log group", group) for group in (f"application-{name}", *without)}

    def secrets(self) -> Keys:
        """Creates a secret, and another that is scheduled for deletion."""
        manager = self._account.session.client("secretsmanager")
        kept, waiting = (
            manager.create_secret(Name=self._naming.name(name), SecretString="{}", Tags=self._tags)["ARN"]
            for name in ("database", "cart-data")
        )
        manager.delete_secret(SecretId=waiting, RecoveryWindowInDays=30)
        return {("secret", kept), ("secret", waiting)}

    def images(self) -> tuple[str, str]:
        name = f"{self._naming.name()}/cart"
        registry = self._account.session.client("ecr")
        registry.create_repository(repositoryName=name, tags=self._tags)
        registry.put_image(repositoryName=name, imageTag="1", imageManifest=MANIFEST)
        return "images", name

    def reported(self) -> Keys:
        """Creates a key that is scheduled for deletion, and a final snapshot with its key."""
        kms = self._account.session.client("kms")
        tags: Any = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in self._tags]
        waiting, kept = (kms.create_key(Tags=tags)["KeyMetadata"]["KeyId"] for _ in range(2))
        kms.schedule_key_deletion(KeyId=waiting)
        final = self._naming.name("database", "final", kept[:8])
        self._snapshot_database(final)
        return {("key", waiting), ("key", kept), ("database snapshot", final)}
