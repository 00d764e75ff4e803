"""The database: Postgres on RDS in the isolated subnets, with a standby and read replicas.

No setting of a stack replaces it, except `network.cidr`: AWS cannot move a store to another network. RDS refuses to
lower its version.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudwatch, rds

from infra import rds_certificates
from infra.aws.credentials import create_credentials
from infra.aws.encryption import create_key, final_snapshot_name
from infra.aws.naming import Naming
from infra.aws.placement import Placement, create_store_group
from infra.config.aws import DatabaseSettings

PORT = 5432

_NAME = "boutique"
_LOGS = ("postgresql", "upgrade")
_LOG_DAYS = 30
_SLOW_MILLISECONDS = 1000
# UTC, when there are the fewest shoppers. RDS does not allow the two to overlap.
_BACKUP_WINDOW = "01:00-01:30"
_MAINTENANCE_WINDOW = "sun:03:00-sun:04:00"
_INSIGHTS_DAYS = {"standard": 7, "advanced": 465}
"""How long performance data is kept. Source: RDS API, DatabaseInsightsMode, which has a minimum for "advanced"."""


@dataclass(frozen=True)
class DatabaseArgs:
    """The arguments of a database.

    Args:
        final_snapshot: Whether a destroy leaves a final snapshot, and the key to read it.
    """

    naming: Naming
    settings: DatabaseSettings
    placement: Placement
    protected: bool
    final_snapshot: bool


class Database(pulumi.ComponentResource):
    """A database with its secret, which is JSON with "username" and "password".

    RDS could manage the password itself, but not together with read replicas. Source: RDS user guide, "Limitations for
    Secrets Manager integration".

    Attributes:
        address: The "host:port" of the primary.
        replica_address: The "host:port" of the first read replica, or else of the primary.
        database: The name of the database.
        key_arn: The key that encrypts the data and the secret.
        identifier: The primary's name in RDS.
        replica_identifiers: The read replicas' names in RDS.
    """

    address: pulumi.Output[str]
    replica_address: pulumi.Output[str]
    database: str
    secret_arn: pulumi.Output[str]
    key_arn: pulumi.Output[str]
    identifier: pulumi.Output[str]
    replica_identifiers: Sequence[pulumi.Output[str]]

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:aws:Database", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._key = create_key(
            "database", args.naming, protect=args.protected, keep=args.final_snapshot, opts=self._child
        )
        credentials = create_credentials(
            "database",
            args.naming,
            username=_NAME,
            key=self._key,
            recoverable=args.protected,
            opts=self._child,
        )
        self._group = create_store_group("database", args.naming, args.placement, PORT, self._child)
        self._parameters = self._create_parameter_group()
        primary = self._create_primary(credentials.password)
        replicas = [self._create_replica(number, primary) for number in range(1, args.settings.read_replicas + 1)]

        self.address = primary.endpoint
        self.replica_address = (replicas or [primary])[0].endpoint
        self.database = _NAME
        self.secret_arn = credentials.secret_arn
        self.key_arn = self._key.arn
        self.identifier = primary.identifier
        self.replica_identifiers = [replica.identifier for replica in replicas]
        self.register_outputs({"address": self.address, "replicaAddress": self.replica_address})

    def _create_parameter_group(self) -> rds.ParameterGroup:
        # Named after its family: a new version of Postgres needs another group while the old one is still in use.
        family = f"postgres{self._args.settings.version.partition('.')[0]}"
        return rds.ParameterGroup(
            "database",
            name=self._args.naming.name("database", family),
            family=family,
            description="TLS alone; what is slow or waits is logged",
            parameters=[
                {"name": "rds.force_ssl", "value": "1"},
                {"name": "log_min_duration_statement", "value": str(_SLOW_MILLISECONDS)},
                {"name": "log_lock_waits", "value": "1"},
            ],
            opts=self._child,
        )

    def _create_primary(self, password: pulumi.Output[str]) -> rds.Instance:
        args, settings = self._args, self._args.settings
        subnets = rds.SubnetGroup(
            "database",
            name=args.naming.name("database"),
            description="The isolated subnets",
            subnet_ids=args.placement.subnets,
            opts=self._child,
        )
        identifier = args.naming.name("database")
        return rds.Instance(
            "database",
            identifier=identifier,
            engine="postgres",
            engine_version=settings.version,
            allow_major_version_upgrade=True,  # only by the setting, which a person raises on purpose
            auto_minor_version_upgrade=True,
            instance_class=settings.instance_class,
            allocated_storage=settings.storage,
            max_allocated_storage=settings.maximum_storage,
            storage_type="gp3",
            storage_encrypted=True,
            kms_key_id=self._key.arn,
            db_name=_NAME,
            username=_NAME,
            password=password,
            ca_cert_identifier=rds_certificates.CA_IDENTIFIER,
            port=PORT,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[self._group.id],
            publicly_accessible=False,
            parameter_group_name=self._parameters.name,
            multi_az=settings.standby,
            backup_retention_period=settings.backup_days,
            backup_window=_BACKUP_WINDOW,
            maintenance_window=_MAINTENANCE_WINDOW,
            # Changes that restart a protected database wait for its maintenance window.
            apply_immediately=not args.protected,
            copy_tags_to_snapshot=True,
            deletion_protection=args.protected,
            skip_final_snapshot=not args.final_snapshot,
            final_snapshot_identifier=(
                final_snapshot_name("database", args.naming, self._key) if args.final_snapshot else None
            ),
            database_insights_mode=settings.insights,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=self._key.arn,
            performance_insights_retention_period=_INSIGHTS_DAYS[settings.insights],
            enabled_cloudwatch_logs_exports=_LOGS,
            opts=pulumi.ResourceOptions(
                parent=self, protect=args.protected, depends_on=self._create_log_groups("database", identifier)
            ),
        )

    def _create_replica(self, number: int, primary: rds.Instance) -> rds.Instance:
        """Creates a replica, which has the primary's key, user and subnets, since it is in the same region."""
        settings = self._args.settings
        name = f"database-replica-{number}"
        identifier = self._args.naming.name(name)
        return rds.Instance(
            name,
            identifier=identifier,
            replicate_source_db=primary.identifier,
            deletion_protection=False,  # the primary has the same data
            instance_class=settings.instance_class,
            auto_minor_version_upgrade=True,
            max_allocated_storage=settings.maximum_storage,  # a replica does not grow with its primary by itself
            storage_encrypted=True,
            ca_cert_identifier=rds_certificates.CA_IDENTIFIER,
            vpc_security_group_ids=[self._group.id],
            publicly_accessible=False,
            parameter_group_name=self._parameters.name,
            maintenance_window=_MAINTENANCE_WINDOW,
            apply_immediately=not self._args.protected,
            copy_tags_to_snapshot=True,
            skip_final_snapshot=True,
            database_insights_mode=settings.insights,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=self._key.arn,
            performance_insights_retention_period=_INSIGHTS_DAYS[settings.insights],
            enabled_cloudwatch_logs_exports=_LOGS,
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._create_log_groups(name, identifier)),
        )

    def _create_log_groups(self, name: str, identifier: str) -> list[cloudwatch.LogGroup]:
        """Creates the log groups. RDS would create them itself, keep their logs forever, and leave them behind."""
        return [
            cloudwatch.LogGroup(
                f"{name}-{log}",
                name=f"/aws/rds/instance/{identifier}/{log}",
                retention_in_days=_LOG_DAYS,
                opts=self._child,
            )
            for log in _LOGS
        ]
