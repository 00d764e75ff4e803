"""The settings of a stack on AWS. Defaults hold for every stack; the files say what differs."""

from datetime import date
from ipaddress import IPv4Network
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from boutique_definition.validation import DnsLabel, FileModel
from infra.rds_certificates import check_region

AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Region = Annotated[str, AfterValidator(check_region)]
"""One whose databases can be verified."""
Domain = Annotated[str, StringConstraints(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$")]
"""Source: RFC 1035, section 2.3.1, in lower case and with at least two labels."""
EmailAddress = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:aws:iam::[0-9]{12}:role/[\w+=,.@/-]+$")]
Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
ZoneId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
DatabaseClass = Annotated[str, StringConstraints(pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$")]
CacheType = Annotated[str, StringConstraints(pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$")]


def _quoted(value: object) -> object:
    """YAML has dates of its own, which Pulumi writes in another way."""
    if not isinstance(value, str):
        raise ValueError(f"must be in quotes, as in '{date(2030, 1, 31)}'")  # noqa: TRY004 (pydantic's way)
    return value


Day = Annotated[date, BeforeValidator(_quoted)]
EndpointService = Literal[
    "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticloadbalancing", "kms", "logs", "secretsmanager", "sts"
]


class NetworkSettings(FileModel):
    """`cidr` is divided evenly: a private, a public and an isolated subnet in each of up to four zones."""

    cidr: IPv4Network
    zones: int = Field(ge=2, le=3)
    nat: Literal["one", "one-per-zone"] = Field(
        default="one", description="With one, the other zones lose the internet together with the zone that has it."
    )
    interface_endpoints: list[EndpointService] = Field(
        default=[], description="Services of AWS that are reached without NAT; each costs by the hour and zone."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not self.cidr.is_private:
            raise ValueError(f"cidr: {self.cidr} is not of a private range (RFC 1918)")
        if not 16 <= self.cidr.prefixlen <= 20:
            raise ValueError(f"cidr: {self.cidr} must be from /16 (the largest of AWS) to /20 (below, pods run out)")
        return self


class ClusterSettings(FileModel):
    """`version` is Kubernetes', such as "1.34".

    `administrators` are roles that may do everything in the cluster, besides whoever makes it: EKS lets that one in by
    itself, and refuses a second entry for it.
    """

    version: Annotated[str, StringConstraints(pattern=r"^1\.[0-9]{2}$")]
    public_access: list[IPv4Network] = Field(
        default=[], description="Networks from which the API is reached; with none, only from inside the VPC."
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
    """Postgres. Storage grows by itself from `storage` to `maximum_storage`, in GiB."""

    version: Annotated[str, StringConstraints(pattern=r"^1[5-9]$")] = Field(
        description="The major one, which is only ever raised; RDS raises the minor one by itself."
    )
    instance_class: DatabaseClass
    storage: int = Field(default=20, ge=20, le=16384)
    maximum_storage: int = Field(default=100, ge=22, le=65536)
    standby: bool = Field(default=False, description="A second copy in another zone that takes over (Multi-AZ).")
    read_replicas: int = Field(default=0, ge=0, le=5)
    backup_days: int = Field(default=1, ge=1, le=35)
    insights: Literal["standard", "advanced"] = "standard"

    @model_validator(mode="after")
    def _room_to_grow(self) -> Self:
        # Source: RDS user guide, "Managing capacity automatically": the limit is at least a tenth above the storage.
        if self.maximum_storage * 10 < self.storage * 11:
            raise ValueError(f"maximumStorage: {self.maximum_storage} must be 10 % above storage ({self.storage})")
        return self


class CacheSettings(FileModel):
    """Of Redis OSS-compatible Valkey: a primary and `replicas`, which take over where there is one at least."""

    node_type: CacheType
    replicas: int = Field(default=1, ge=0, le=5)
    snapshot_days: int = Field(default=0, ge=0, le=35, description="For how long daily snapshots are kept; 0: none.")


class CachesSettings(FileModel):
    carts: CacheSettings
    sessions: CacheSettings


class DnsSettings(FileModel):
    """`zone_id` is the domain's in Cloudflare; `hosts` has a name in the domain for each service that is external."""

    domain: Domain
    zone_id: ZoneId
    hosts: dict[DnsLabel, DnsLabel] = Field(default={"frontend": "shop", "web-gateway": "app"})

    def host(self, service: str) -> str:
        """Where the service is served, such as `shop.example.com`."""
        return f"{self.hosts[service]}.{self.domain}"


class PipelineSettings(FileModel):
    """CircleCI's ids of the organization and of the project whose pipelines may assume the roles, and from where."""

    organization: Uuid
    project: Uuid
    branch: str = "main"


class BudgetSettings(FileModel):
    """Mail goes to `email` at 80 % of `monthly` (US dollars), and when the forecast goes beyond it."""

    monthly: int = Field(ge=1)
    email: EmailAddress


class AwsSettings(FileModel):
    account: AccountId
    region: Region
    protected: bool = Field(
        default=False, description="Nothing that holds data can be deleted, nor the cluster, until this is lifted."
    )
    final_snapshots: bool = Field(
        default=False, description="Database and carts leave a last snapshot, and its key, when they are destroyed."
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
    alarms: EmailAddress = Field(description="Receives the mail of alarms.")
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
