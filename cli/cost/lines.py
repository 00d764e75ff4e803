"""Lists the lines of the bill for the resources in a plan."""

import enum
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cli.plan import State, Values
from infra.config.aws import AwsSettings


class Basis(enum.Enum):
    """The basis of a charge: the hours or months that a resource exists, or its usage, which no plan knows."""

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
        by_inputs = _LINES_BY_INPUTS.get(resource.type)
        lines = by_inputs(resource.inputs, settings) if by_inputs else _LINES.get(resource.type, ())
        for line in lines:
            quantities[replace(line, quantity=0)] += line.quantity
    return [replace(line, quantity=quantity) for line, quantity in quantities.items()]


def _endpoint(inputs: Values, _settings: AwsSettings) -> Iterator[Line]:
    """Yields lines for an interface endpoint, which is billed per subnet. A gateway endpoint is free."""
    if inputs.get("vpcEndpointType") == "Interface":
        drivers = ("aws.network.interfaceEndpoints", "aws.network.zones")
        hours, traffic = _query("AmazonVPC", "VpcEndpoint-Hours"), _query("AmazonVPC", "VpcEndpoint-Bytes")
        yield _by_hour("Interface endpoint in a subnet", hours, *drivers, quantity=len(inputs["subnetIds"]))
        yield _by_usage("Data through interface endpoints", "GB", traffic, *drivers)


def _database(inputs: Values, settings: AwsSettings) -> Iterator[Line]:
    """Yields lines for an instance. AWS lists an instance and its standby as one product."""
    size: str = inputs["instanceClass"]
    standby = bool(inputs.get("multiAz"))
    replica = "replicateSourceDb" in inputs
    name = "RDS read replica" if replica else "RDS instance and standby" if standby else "RDS instance"
    copies = "aws.database.readReplicas" if replica else "aws.database.standby"
    prefix, deployment = ("Multi-AZ", "Multi-AZ") if standby else ("", "Single-AZ")
    product = {"databaseEngine": "PostgreSQL", "deploymentOption": deployment}
    instance = _query("AmazonRDS", f"{prefix or 'Instance'}Usage:", instanceType=size, **product)
    yield _by_hour(f"{name}, {size}", instance, "aws.database.instanceClass", copies)
    yield Line(
        what=f"{name}, initial storage (gp3)",
        # A replica has the initial storage of its primary.
        quantity=int(inputs.get("allocatedStorage", settings.database.storage)),
        unit="GB-months",
        basis=Basis.MONTH,
        query=_query("AmazonRDS", f"RDS:{prefix and f'{prefix}-'}GP3-Storage", **product),
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
        backups = _query("AmazonRDS", "RDS:ChargedBackupUsage", databaseEngine="PostgreSQL")
        name = "RDS backups beyond the size of the database"
        yield _by_usage(name, "GB-months", backups, "aws.database.backupDays")


def _cache(inputs: Values, _settings: AwsSettings) -> Iterator[Line]:
    name = "carts" if inputs["replicationGroupId"].endswith("cart-data") else "sessions"
    size: str = inputs["nodeType"]
    node = _query("AmazonElastiCache", "NodeUsage:", instanceType=size, cacheEngine=inputs["engine"].capitalize())
    yield _by_hour(
        f"ElastiCache node of {name}, {size}",
        node,
        f"aws.caches.{name}.nodeType",
        f"aws.caches.{name}.replicas",
        quantity=int(inputs["numCacheClusters"]),
    )
    if inputs.get("snapshotRetentionLimit"):
        snapshots = _query("AmazonElastiCache", "BackupUsage")
        yield _by_usage(f"ElastiCache snapshots of {name}", "GB-months", snapshots, f"aws.caches.{name}.snapshotDays")


def _load_balancer(inputs: Values, _settings: AwsSettings) -> Iterator[Line]:
    product = {"operation": "LoadBalancing:Application"}
    yield _by_hour("Application load balancer", _query("AWSELB", "LoadBalancerUsage", **product))
    yield _by_usage("Load balancer, capacity units", "LCU-hours", _query("AWSELB", "LCUUsage", **product))
    if not inputs.get("internal"):
        name = "Public IPv4 address of the load balancer (at least)"
        yield _by_hour(name, _PUBLIC_ADDRESS, "aws.network.zones", quantity=len(inputs["subnets"]))
        yield _by_usage("Data to the internet", "GB", _transfer("DataTransfer-Out-Bytes", "AWS Outbound"))


def _logs(inputs: Values, _settings: AwsSettings) -> Iterator[Line]:
    """Yields lines for a log group. Logs of AWS services ("vended") are a product of their own.

    Source: CloudWatch Logs user guide.
    """
    if str(inputs.get("name", "")).startswith("/aws/rds/"):
        query = _query("AmazonCloudWatch", "DataProcessing-Bytes", operation="PutLogEvents")
        yield _by_usage("Log ingestion from RDS", "GB", query)
    else:
        yield _by_usage("Log ingestion, vended", "GB", _query("AmazonCloudWatch", "VendedLog-Bytes"))
    storage = _query("AmazonCloudWatch", "TimedStorage-ByteHrs")
    yield _by_usage("Log storage", "GB-months", storage, "aws.cluster.logRetentionDays")


def _query(service: str, usage: str, **attributes: str) -> Query:
    return Query(service, usage, tuple(attributes.items()))


def _transfer(usage: str, kind: str) -> Query:
    return Query("AWSDataTransfer", usage, (("transferType", kind),), region="fromRegionCode")


def _by_hour(what: str, query: Query, *settings: str, quantity: int = 1) -> Line:
    return Line(what, quantity, "hours", Basis.HOUR, query, settings)


def _by_month(what: str, unit: str, query: Query, *settings: str) -> Line:
    return Line(what, 1, f"{unit} a month", Basis.MONTH, query, settings)


def _by_usage(what: str, unit: str, query: Query, *settings: str) -> Line:
    return Line(what, 1, unit, Basis.USE, query, settings)


_NAT: Final = ("aws.network.nat", "aws.network.zones")
_REPLICAS: Final = ("aws.database.readReplicas", "aws.caches.carts.replicas", "aws.caches.sessions.replicas")
_PUBLIC_ADDRESS: Final = _query("AmazonVPC", "PublicIPv4:InUseAddress")
_NAT_HOURS: Final = _query("AmazonEC2", "NatGateway-Hours", operation="NatGateway")
_NAT_TRAFFIC: Final = _query("AmazonEC2", "NatGateway-Bytes", operation="NatGateway")
_NODES: Final = Line(
    what="EKS Auto Mode nodes, and their volumes",
    quantity=1,
    unit="hours of each node",
    basis=Basis.HOUR,
    query=None,
    settings=("shop.services",),
    unpriced="not in the plan: EKS selects instances for the pods; each costs the EC2 price and an EKS fee",
)
_SECRET_CALLS: Final = _query("AWSSecretsManager", "AWSSecretsManagerAPIRequest")
_S3_STORAGE: Final = _query("AmazonS3", "TimedStorage-ByteHrs", volumeType="Standard")

_LINES: Final[Mapping[str, Sequence[Line]]] = {
    "aws:cloudwatch/metricAlarm:MetricAlarm": [
        _by_month("Alarm", "alarms", _query("AmazonCloudWatch", "CW:AlarmMonitorUsage"), *_REPLICAS)
    ],
    "aws:ec2/eip:Eip": [_by_hour("Public IPv4 address of a NAT gateway", _PUBLIC_ADDRESS, *_NAT)],
    "aws:ec2/natGateway:NatGateway": [
        _by_hour("NAT gateway", _NAT_HOURS, *_NAT),
        _by_usage("Data through NAT gateways", "GB", _NAT_TRAFFIC, *_NAT),
    ],
    "aws:ec2/vpc:Vpc": [
        _by_usage(
            "Data between zones, each way",
            "GB",
            _transfer("DataTransfer-Regional-Bytes", "IntraRegion"),
            "aws.network.zones",
        )
    ],
    "aws:ecr/repository:Repository": [
        _by_usage("Images in ECR", "GB-months", _query("AmazonECR", "TimedStorage-ByteHrs"))
    ],
    "aws:eks/cluster:Cluster": [
        _by_hour("EKS control plane", _query("AmazonEKS", "AmazonEKS-Hours:perCluster")),
        _NODES,
    ],
    "aws:kms/key:Key": [
        _by_month("KMS key", "keys", _query("awskms", "KMS-Keys")),
        _by_usage("Calls to KMS", "calls", _query("awskms", "KMS-Requests")),
    ],
    "aws:s3/bucket:Bucket": [
        _by_usage("Objects in S3", "GB-months", _S3_STORAGE),
        _by_usage("Reads from S3", "calls", _query("AmazonS3", "Requests-Tier2")),
    ],
    "aws:secretsmanager/secret:Secret": [
        _by_month("Secret", "secrets", _query("AWSSecretsManager", "AWSSecretsManager-Secrets")),
        _by_usage("Calls to Secrets Manager", "calls", _SECRET_CALLS, "shop.services"),
    ],
}
"""The lines of a resource, by its type."""

_LINES_BY_INPUTS: Final[Mapping[str, Callable[[Values, AwsSettings], Iterator[Line]]]] = {
    "aws:cloudwatch/logGroup:LogGroup": _logs,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:rds/instance:Instance": _database,
}
"""The lines of a resource that depend on its inputs, by its type."""
