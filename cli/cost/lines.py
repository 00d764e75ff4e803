"""Lists the lines of the bill for the resources in a plan."""

import enum
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from cli.plan import State, Values
from infra.config.aws import AwsSettings


class Basis(enum.Enum):
    """What is billed: the hours or months that a resource exists, or its usage, which no plan knows."""

    HOUR = "hour"
    MONTH = "month"
    USE = "use"


@dataclass(frozen=True)
class Query:
    """Identifies a product in AWS' price list. Source: AWS Billing user guide, Price List Query API.

    Args:
        usage: The usage type without the region's prefix. If it ends in a colon, any size may follow, since AWS
            abbreviates sizes there.
        region: The attribute with the region.
    """

    service: str
    usage: str
    attributes: tuple[tuple[str, str], ...] = ()
    region: str = "regionCode"

    @property
    def key(self) -> str:
        """The key of the price in the cache."""
        return " ".join([self.service, self.usage, *(f"{name}={value}" for name, value in self.attributes)])


@dataclass(frozen=True)
class Line:
    """A line of the bill.

    Args:
        what: The billed item.
        quantity: The number of units. For usage, the number of resources.
        query: The product in the price list. None if it can't be priced.
        settings: The keys of the stack's file that determine the quantity or the price.
        unpriced: Why it can't be priced.
    """

    what: str
    quantity: int
    unit: str
    basis: Basis
    query: Query | None
    settings: tuple[str, ...] = ()
    unpriced: str = ""


def bill(resources: Iterable[State], settings: AwsSettings) -> list[Line]:
    """Returns the lines of all resources. Adds up the quantities of lines that only differ in those."""
    quantities: Counter[Line] = Counter()
    for resource in resources:
        if lines := _LINES.get(resource.type):
            for line in lines(resource.inputs, settings):
                quantities[replace(line, quantity=0)] += line.quantity
    return [replace(line, quantity=quantity) for line, quantity in quantities.items()]


def _nat_gateway(_inputs: Values, _settings: AwsSettings) -> Iterator[Line]:
    nat = ("aws.network.nat", "aws.network.zones")
    operation = (("operation", "NatGateway"),)
    yield _by_hour("NAT gateway", 1, Query("AmazonEC2", "NatGateway-Hours", operation), *nat)
    yield _by_usage("Data through NAT gateways", "GB", Query("AmazonEC2", "NatGateway-Bytes", operation), *nat)


def _address(_inputs: Values, _settings: AwsSettings) -> Iterator[Line]:
    yield _by_hour("Public IPv4 address of a NAT gateway", 1, _PUBLIC_ADDRESS, "aws.network.nat", "aws.network.zones")


def _network(_inputs: Values, _settings: AwsSettings) -> Iterator[Line]:
    query = Query(
        "AWSDataTransfer", "DataTransfer-Regional-Bytes", (("transferType", "IntraRegion"),), region="fromRegionCode"
    )
    yield _by_usage("Data between zones, each way", "GB", query, "aws.network.zones")


def _endpoint(inputs: Values, _settings: AwsSettings) -> Iterator[Line]:
    """Yields lines for an interface endpoint, which is billed per subnet. A gateway endpoint is free."""
    if inputs.get("vpcEndpointType") != "Interface":
        return
    drivers = ("aws.network.interfaceEndpoints", "aws.network.zones")
    yield _by_hour(
        "Interface endpoint in a subnet",
        len(inputs["subnetIds"]),
        Query("AmazonVPC", "VpcEndpoint-Hours"),
        *drivers,
    )
    yield _by_usage("Data through interface endpoints", "GB", Query("AmazonVPC", "VpcEndpoint-Bytes"), *drivers)


def _cluster(_inputs: Values, _settings: AwsSettings) -> Iterator[Line]:
    yield _by_hour("EKS control plane", 1, Query("AmazonEKS", "AmazonEKS-Hours:perCluster"))
    yield Line(
        what="EKS Auto Mode nodes, and their volumes",
        quantity=1,
        unit="hours of each node",
        basis=Basis.HOUR,
        query=None,
        settings=("shop.services",),
        unpriced="not in the plan: EKS selects instances for the pods; each costs the EC2 price and an EKS fee",
    )


def _database(inputs: Values, settings: AwsSettings) -> Iterator[Line]:
    """Yields lines for an instance. AWS lists an instance and its standby as one product."""
    standby = bool(inputs.get("multiAz"))
    replica = "replicateSourceDb" in inputs
    attributes = (
        ("databaseEngine", "PostgreSQL"),
        ("deploymentOption", "Multi-AZ" if standby else "Single-AZ"),
    )
    size: str = inputs["instanceClass"]
    name = "RDS read replica" if replica else "RDS instance and standby" if standby else "RDS instance"
    copies = "aws.database.readReplicas" if replica else "aws.database.standby"
    yield _by_hour(
        f"{name}, {size}",
        1,
        Query(
            "AmazonRDS",
            "Multi-AZUsage:" if standby else "InstanceUsage:",
            (("instanceType", size), *attributes),
        ),
        "aws.database.instanceClass",
        copies,
    )
    yield Line(
        what=f"{name}, initial storage (gp3)",
        # A replica has the initial storage of its primary.
        quantity=int(inputs.get("allocatedStorage", settings.database.storage)),
        unit="GB-months",
        basis=Basis.MONTH,
        query=Query("AmazonRDS", "RDS:Multi-AZ-GP3-Storage" if standby else "RDS:GP3-Storage", attributes),
        settings=("aws.database.storage", copies),
    )
    if inputs.get("databaseInsightsMode") == "advanced":
        yield Line(
            what=f"{name}, advanced insights",
            quantity=1,
            unit="hours of each vCPU",
            basis=Basis.HOUR,
            query=None,
            settings=("aws.database.insights", copies),
            unpriced="billed per vCPU of the instance, which is not in the plan",
        )
    if not replica:
        yield _by_usage(
            "RDS backups beyond the size of the database",
            "GB-months",
            Query("AmazonRDS", "RDS:ChargedBackupUsage", (("databaseEngine", "PostgreSQL"),)),
            "aws.database.backupDays",
        )


def _cache(inputs: Values, _settings: AwsSettings) -> Iterator[Line]:
    cache = "carts" if inputs["replicationGroupId"].endswith("cart-data") else "sessions"
    size: str = inputs["nodeType"]
    yield _by_hour(
        f"ElastiCache node of {cache}, {size}",
        int(inputs["numCacheClusters"]),
        Query(
            "AmazonElastiCache",
            "NodeUsage:",
            (("instanceType", size), ("cacheEngine", inputs["engine"].capitalize())),
        ),
        f"aws.caches.{cache}.nodeType",
        f"aws.caches.{cache}.replicas",
    )
    if inputs.get("snapshotRetentionLimit"):
        yield _by_usage(
            f"ElastiCache snapshots of {cache}",
            "GB-months",
            Query("AmazonElastiCache", "BackupUsage"),
            f"aws.caches.{cache}.snapshotDays",
        )


def _load_balancer(inputs: Values, _settings: AwsSettings) -> Iterator[Line]:
    operation = (("operation", "LoadBalancing:Application"),)
    yield _by_hour("Application load balancer", 1, Query("AWSELB", "LoadBalancerUsage", operation))
    yield _by_usage("Load balancer, capacity units", "LCU-hours", Query("AWSELB", "LCUUsage", operation))
    if inputs.get("internal"):
        return
    yield _by_hour(
        "Public IPv4 address of the load balancer (at least)",
        len(inputs["subnets"]),
        _PUBLIC_ADDRESS,
        "aws.network.zones",
    )
    transfer = Query(
        "AWSDataTransfer", "DataTransfer-Out-Bytes", (("transferType", "AWS Outbound"),), region="fromRegionCode"
    )
    yield _by_usage("Data to the internet", "GB", transfer)


def _key(_inputs: Values, _settings: AwsSettings) -> Iterator[Line]:
    yield _by_month("KMS key", "keys", Query("awskms", "KMS-Keys"))
    yield _by_usage("Calls to KMS", "calls", Query("awskms", "KMS-Requests"))


def _secret(_inputs: Values, _settings: AwsSettings) -> Iterator[Line]:
    yield _by_month("Secret", "secrets", Query("AWSSecretsManager", "AWSSecretsManager-Secrets"))
    yield _by_usage(
        "Calls to Secrets Manager", "calls", Query("AWSSecretsManager", "AWSSecretsManagerAPIRequest"), "shop.services"
    )


def _logs(inputs: Values, _settings: AwsSettings) -> Iterator[Line]:
    """Yields lines for a log group. Logs of AWS services ("vended") are a product of their own.

    Source: CloudWatch Logs user guide.
    """
    if str(inputs.get("name", "")).startswith("/aws/rds/"):
        query = Query("AmazonCloudWatch", "DataProcessing-Bytes", (("operation", "PutLogEvents"),))
        yield _by_usage("Log ingestion from RDS", "GB", query)
    else:
        yield _by_usage("Log ingestion, vended", "GB", Query("AmazonCloudWatch", "VendedLog-Bytes"))
    yield _by_usage(
        "Log storage", "GB-months", Query("AmazonCloudWatch", "TimedStorage-ByteHrs"), "aws.cluster.logRetentionDays"
    )


def _alarm(_inputs: Values, _settings: AwsSettings) -> Iterator[Line]:
    drivers = ("aws.database.readReplicas", "aws.caches.carts.replicas", "aws.caches.sessions.replicas")
    yield _by_month("Alarm", "alarms", Query("AmazonCloudWatch", "CW:AlarmMonitorUsage"), *drivers)


def _repository(_inputs: Values, _settings: AwsSettings) -> Iterator[Line]:
    yield _by_usage("Images in ECR", "GB-months", Query("AmazonECR", "TimedStorage-ByteHrs"))


def _bucket(_inputs: Values, _settings: AwsSettings) -> Iterator[Line]:
    standard = (("volumeType", "Standard"),)
    yield _by_usage("Objects in S3", "GB-months", Query("AmazonS3", "TimedStorage-ByteHrs", standard))
    yield _by_usage("Reads from S3", "calls", Query("AmazonS3", "Requests-Tier2"))


def _by_hour(what: str, quantity: int, query: Query, *settings: str) -> Line:
    return Line(what, quantity, "hours", Basis.HOUR, query, settings)


def _by_month(what: str, unit: str, query: Query, *settings: str) -> Line:
    return Line(what, 1, f"{unit} a month", Basis.MONTH, query, settings)


def _by_usage(what: str, unit: str, query: Query, *settings: str) -> Line:
    return Line(what, 1, unit, Basis.USE, query, settings)


_PUBLIC_ADDRESS: Final = Query("AmazonVPC", "PublicIPv4:InUseAddress")

_LINES: Final[Mapping[str, Callable[[Values, AwsSettings], Iterator[Line]]]] = {
    "aws:cloudwatch/logGroup:LogGroup": _logs,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:ec2/eip:Eip": _address,
    "aws:ec2/natGateway:NatGateway": _nat_gateway,
    "aws:ec2/vpc:Vpc": _network,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:ecr/repository:Repository": _repository,
    "aws:eks/cluster:Cluster": _cluster,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:kms/key:Key": _key,
    "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:rds/instance:Instance": _database,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:secretsmanager/secret:Secret": _secret,
}
