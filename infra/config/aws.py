"""The settings of a stack on AWS. Defaults hold for every stack; the files say what differs."""

from datetime import date
from ipaddress import IPv4Network
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from boutique_definition.validation import DnsLabel, FileModel
from infra.rds_certificates import check_region

AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Region = Annotated[str, AfterValidator(check_region)]
"""A region whose database CA is in infra/rds_certificates."""
Domain = Annotated[str, StringConstraints(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$")]
"""Source: RFC 1035, section 2.3.1, in lower case and with at least two labels."""
EmailAddress = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:aws:iam::[0-9]{12}:role/[\w+=,.@/-]+$")]
Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
ZoneId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
DatabaseClass = Annotated[str, StringConstraints(pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$")]
CacheType = Annotated[str, StringConstraints(pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$")]


def _quoted(value: object) -> object:
    """Rejects a YAML date, since Pulumi writes dates in another format."""
    if not isinstance(value, str):
        raise ValueError(f"must be in quotes, as in '{date(2030, 1, 31)}'")  # noqa: TRY004 (pydantic's way)
    return value


Day = Annotated[date, BeforeValidator(_quoted)]
EndpointService = Literal[
    "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticloadbalancing", "kms", "logs", "secretsmanager", "sts"
]


class NetworkSettings(FileModel):
    """The network of a stack.

    Args:
        cidr: The address range, divided into a private, a public and an isolated subnet in each of up to four zones.
    """

    cidr: IPv4Network
    zones: int = Field(ge=2, le=3)
    nat: Literal["one", "one-per-zone"] = Field(
        default="one", description="With one NAT gateway, all zones lose the internet if its zone fails."
    )
    interface_endpoints: list[EndpointService] = Field(
        default=[], description="AWS services that are reached without NAT. Each is charged per hour and zone."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not self.cidr.is_private:
            raise ValueError(f"cidr: {self.cidr} is not in a private range (RFC 1918)")
        if not 16 <= self.cidr.prefixlen <= 20:
            raise ValueError(
                f"cidr: {self.cidr} must be from /16 (AWS' largest) to /20 (too few addresses for pods below)"
            )
        return self


class ClusterSettings(FileModel):
    """The Kubernetes cluster of a stack.

    Args:
        version: The Kubernetes version, such as "1.34".
        administrators: Roles that may do everything in the cluster, besides the one that creates it: EKS gives that one
            access itself, and refuses a second entry for it.
    """

    version: Annotated[str, StringConstraints(pattern=r"^1\.[0-9]{2}$")]
    public_access: list[IPv4Network] = Field(
        default=[], description="Networks that can reach the API. With none, only the VPC can."
    )
    administrators: list[RoleArn] = Field(default=[])
    log_retention_days: Literal[1, 3, 7, 14, 30, 60, 90, 180, 365] = 30

    @model_validator(mode="after")
    def _not_everyone(self) -> Self:
        for network in self.public_access:
            if network.prefixlen < 8:
                raise ValueError(f"publicAccess: {network} opens the API to nearly everyone: name narrower networks")
        return self


class DatabaseSettings(FileModel):
    """The database of a stack. Its storage grows by itself from `storage` to `maximum_storage`, in GiB."""

    version: Annotated[str, StringConstraints(pattern=r"^1[5-9]$")] = Field(
        description="The major version, which can only be raised. RDS raises the minor version itself."
    )
    instance_class: DatabaseClass
    storage: int = Field(default=20, ge=20, le=16384)
    maximum_storage: int = Field(default=100, ge=22, le=65536)
    standby: bool = Field(default=False, description="Another zone has a copy that takes over (Multi-AZ).")
    read_replicas: int = Field(default=0, ge=0, le=5)
    backup_days: int = Field(default=1, ge=1, le=35)
    insights: Literal["standard", "advanced"] = "standard"

    @model_validator(mode="after")
    def _room_to_grow(self) -> Self:
        # Source: RDS user guide, "Managing capacity automatically": the limit is at least a tenth above the storage.
        if self.maximum_storage * 10 < self.storage * 11:
            raise ValueError(
                f"maximumStorage: {self.maximum_storage} must be at least 10 % above storage ({self.storage})"
            )
        return self


class CacheSettings(FileModel):
    """A Valkey cache, compatible with Redis OSS: a primary, and `replicas` that take over if it fails."""

    node_type: CacheType
    replicas: int = Field(default=1, ge=0, le=5)
    snapshot_days: int = Field(default=0, ge=0, le=35, description="How long daily snapshots are kept; 0 for none.")


class CachesSettings(FileModel):
    """The caches of a stack, one for each store of kind Redis."""

    carts: CacheSettings
    sessions: CacheSettings


class DnsSettings(FileModel):
    """The host names of a stack.

    Args:
        zone_id: The zone of the domain in Cloudflare.
        hosts: The name of each external service in the domain.
    """

    domain: Domain
    zone_id: ZoneId
    hosts: dict[DnsLabel, DnsLabel] = Field(default={"frontend": "shop", "web-gateway": "app"})

    def host(self, service: str) -> str:
        """Returns the host of the service, such as `shop.example.com`."""
        return f"{self.hosts[service]}.{self.domain}"


class PipelineSettings(FileModel):
    """The pipelines that may assume the stack's roles.

    Args:
        organization: The organization's id in CircleCI.
        project: The project's id in CircleCI.
        branch: The branch that is deployed.
    """

    organization: Uuid
    project: Uuid
    branch: str = "main"


class BudgetSettings(FileModel):
    """A budget in US dollars. It sends mail at 80 % of `monthly`, and when the forecast exceeds it."""

    monthly: int = Field(ge=1)
    email: EmailAddress


class AwsSettings(FileModel):
    """The settings under `boutique:aws`."""

    account: AccountId
    region: Region
    protected: bool = Field(
        default=False, description="Neither stores nor the cluster can be deleted until this is set to false."
    )
    final_snapshots: bool = Field(
        default=False, description="A destroy leaves final snapshots of the database and the carts, and their keys."
    )
    expires: Day | None = Field(default=None, description="The day on which the stack may be torn down.")
    production: bool = Field(
        default=False,
        description="Holds users' data: it must be protected unless it expires, and a person approves each deployment.",
    )
    promotion: int | None = Field(
        default=None,
        ge=1,
        description="The place of this stack among those that a change passes through; 1 is the first. "
        "A stack without a place is deployed by a person.",
    )
    alarms: EmailAddress = Field(description="Receives alarms by e-mail.")
    network: NetworkSettings
    cluster: ClusterSettings
    database: DatabaseSettings
    caches: CachesSettings
    dns: DnsSettings
    pipelines: PipelineSettings | None = None
    budget: BudgetSettings

    @model_validator(mode="after")
    def _recoverable(self) -> Self:
        if not self.protected:
            return self
        if not self.final_snapshots:
            raise ValueError("finalSnapshots: must be true where protected is true")
        if self.database.backup_days < 7:
            raise ValueError("database.backupDays: must be at least 7 where protected is true")
        if not self.caches.carts.snapshot_days:
            raise ValueError("caches.carts.snapshotDays: must be at least 1 where protected is true")
        return self
