"""Extends moto's RDS by the Postgres versions and instance classes on offer, and by checks that RDS makes."""

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import InvalidParameterCombination, InvalidParameterValue, RDSClientError
from moto.rds.responses import RDSResponse

from boutique_offline.rehearsal.account import offerings


class Response(RDSResponse):
    """Replaces the operations of RDS that differ from moto's."""

    def describe_db_engine_versions(self) -> ActionResult:
        """Lists the versions; a major version in the request matches all of its minor versions."""
        wanted = self.params.get("EngineVersion") or ""
        found = [
            {
                "Engine": "postgres",
                "EngineVersion": version,
                "MajorEngineVersion": version.partition(".")[0],
                "DBParameterGroupFamily": f"postgres{version.partition('.')[0]}",
                "DBEngineDescription": "PostgreSQL",
                "DBEngineVersionDescription": f"PostgreSQL {version}",
                "Status": "available",
                "SupportsReadReplica": True,
                "ValidUpgradeTarget": [],
            }
            for version in offerings.postgres_versions()
            if self.params.get("Engine") in (None, "postgres")
            and f"{version}.".startswith(f"{wanted}." if wanted else "")
        ]
        return ActionResult({"DBEngineVersions": found})

    def describe_orderable_db_instance_options(self) -> ActionResult:
        if self.params.get("Engine") != "postgres":
            return super().describe_orderable_db_instance_options()
        version, wanted = self.params.get("EngineVersion"), self.params.get("DBInstanceClass")
        versions = offerings.postgres_versions()
        matching = [each for each in versions if each == version] if version else versions[-1:]
        found = [
            _option(each, name, self.region)
            for each in matching
            for name in offerings.DATABASE_CLASSES
            if wanted in (None, name)
        ]
        return ActionResult({"OrderableDBInstanceOptions": found})

    def modify_db_subnet_group(self) -> ActionResult:
        name = self.params["DBSubnetGroupName"]
        [group] = self.backend.describe_db_subnet_groups(name)
        response = super().modify_db_subnet_group()
        # moto drops the group that it changes.
        self.backend.subnet_groups[name] = group
        return response

    def create_db_instance(self) -> ActionResult:
        self._check_class()
        self._check_version()
        if self.params.get("Engine") == "postgres":
            self.params.setdefault("EngineVersion", offerings.postgres_versions()[-1])
        return super().create_db_instance()

    def modify_db_instance(self) -> ActionResult:
        self._check_class()
        self._check_version()
        return super().modify_db_instance()

    def create_db_instance_read_replica(self) -> ActionResult:
        self._check_class()
        primary = self.backend.find_db_from_id(self.params["SourceDBInstanceIdentifier"])
        if primary.manage_master_user_password:
            raise InvalidParameterCombination(
                "You can't create a read replica of a DB instance whose master user password is managed in Secrets "
                "Manager."
            )
        if not primary.backup_retention_period:
            raise RDSClientError("InvalidDBInstanceState", "Automated backups are not enabled for this database.")
        response = super().create_db_instance_read_replica()
        # moto copies the primary, including the exported logs.
        replica = self.backend.databases[self.params["DBInstanceIdentifier"]]
        replica.enabled_cloudwatch_logs_exports = self.params.get("EnableCloudwatchLogsExports") or []
        return response

    def _check_class(self) -> None:
        name = self.params.get("DBInstanceClass")
        if name and name not in offerings.DATABASE_CLASSES:
            raise InvalidParameterValue(f"Invalid DB Instance class: {name}")

    def _check_version(self) -> None:
        version = self.params.get("EngineVersion")
        if version and not any(f"{offered}.".startswith(f"{version}.") for offered in offerings.postgres_versions()):
            raise RDSClientError("InvalidParameterCombination", f"Cannot find version {version} for postgres")


def _option(version: str, name: str, region: str) -> dict[str, Any]:
    return {
        "Engine": "postgres",
        "EngineVersion": version,
        "DBInstanceClass": name,
        "LicenseModel": "postgresql-license",
        "AvailabilityZones": [{"Name": f"{region}{zone}"} for zone in "abc"],
        "MultiAZCapable": True,
        "ReadReplicaCapable": True,
        "Vpc": True,
        "SupportsStorageEncryption": True,
        "StorageType": "gp3",
        "SupportsIops": True,
        "SupportsEnhancedMonitoring": True,
        "SupportsIAMDatabaseAuthentication": True,
        "SupportsPerformanceInsights": True,
        "SupportsStorageAutoscaling": True,
        "MinStorageSize": 20,
        "MaxStorageSize": 65536,
    }
