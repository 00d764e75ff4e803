"""Databases: instances of RDS and their groups."""

from dataclasses import replace
from typing import Any, Final

from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType, Waiter
from boutique_offline.plugins.aws.types.store_groups import TAGGING, changed_parameters, parameter_group, subnet_group

_INSTANCE: Final = {"DBInstanceIdentifier": "{identifier}"}
_AT_ONCE: Final = _INSTANCE | {"ApplyImmediately": True}
# The provider's default. It has to be set for parameters that take effect after a restart.
_APPLY_METHOD: Final = "immediate"


def _parameters(group: Properties, old: Properties) -> Arguments:
    return {
        "Parameters": [
            {
                "ParameterName": parameter["name"],
                "ParameterValue": parameter["value"],
                "ApplyMethod": parameter.get("applyMethod", _APPLY_METHOD),
            }
            for parameter in changed_parameters(group, old)
        ]
    }


def _log_exports(instance: Properties, old: Properties) -> Arguments:
    before, after = (set(each.get("enabledCloudwatchLogsExports") or ()) for each in (old, instance))
    changes = {"EnableLogTypes": sorted(after - before), "DisableLogTypes": sorted(before - after)}
    return {"CloudwatchLogsExportConfiguration": changes}


def _new_port(instance: Properties, _: Properties) -> Arguments:
    return {"DBPortNumber": instance["port"]}


def _endpoint(instance: Properties) -> str | None:
    endpoint = instance.get("endpoint") or {}
    return f"{endpoint['address']}:{endpoint['port']}" if "address" in endpoint else None


def _secrets(instance: Properties) -> list[Any]:
    secret = instance.get("masterUserSecret")
    return [secret] if secret else []


TYPES: Final = {
    "SubnetGroup": subnet_group("rds", "DB"),
    "ParameterGroup": replace(parameter_group("rds", "DB", _parameters), settings=frozenset({"skipDestroy"})),
    "Instance": ResourceType(
        service="rds",
        id="{dbiResourceId}",
        create=Call("CreateDBInstance", result="dbInstance"),
        copy=Call(
            "CreateDBInstanceReadReplica",
            when=lambda instance: bool(instance.get("replicateSourceDb")),
            result="dbInstance",
        ),
        read=Call("DescribeDBInstances", _INSTANCE, result="dbInstances[0]"),
        updates=(
            Call("ModifyDBInstance", _AT_ONCE, takes_all=True),
            Call("ModifyDBInstance", _AT_ONCE, build=_log_exports, built=("enabledCloudwatchLogsExports",)),
            Call("ModifyDBInstance", _AT_ONCE, build=_new_port, built=("port",)),
        ),
        delete=(
            Call(
                "DeleteDBInstance",
                _INSTANCE,
                takes=("skipFinalSnapshot", "finalSnapshotIdentifier", "deleteAutomatedBackups"),
            ),
        ),
        tagging=TAGGING,
        members={
            "backupWindow": "PreferredBackupWindow",
            "caCertIdentifier": "CACertificateIdentifier",
            "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
            "finalSnapshotIdentifier": "FinalDBSnapshotIdentifier",
            "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
            "identifier": "DBInstanceIdentifier",
            "instanceClass": "DBInstanceClass",
            "maintenanceWindow": "PreferredMaintenanceWindow",
            "parameterGroupName": "DBParameterGroupName",
            "password": "MasterUserPassword",
            "performanceInsightsEnabled": "EnablePerformanceInsights",
            "replicateSourceDb": "SourceDBInstanceIdentifier",
            "username": "MasterUsername",
        },
        reads={
            "address": "endpoint.address",
            "arn": "dbInstanceArn",
            "caCertIdentifier": "caCertificateIdentifier",
            "dbSubnetGroupName": "dbSubnetGroup.dbSubnetGroupName",
            "enabledCloudwatchLogsExports": "enabledCloudwatchLogsExports",
            "endpoint": _endpoint,
            "engineVersionActual": "engineVersion",
            "hostedZoneId": "endpoint.hostedZoneId",
            "iamDatabaseAuthenticationEnabled": "iamDatabaseAuthenticationEnabled",
            "masterUserSecrets": _secrets,
            "parameterGroupName": "dbParameterGroups[0].dbParameterGroupName",
            "performanceInsightsEnabled": "performanceInsightsEnabled",
            "port": "endpoint.port",
            "replicas": "readReplicaDbInstanceIdentifiers",
            "replicateSourceDb": "readReplicaSourceDbInstanceIdentifier",
            "resourceId": "dbiResourceId",
            "status": "dbInstanceStatus",
            "vpcSecurityGroupIds": "vpcSecurityGroups[].vpcSecurityGroupId",
        },
        defaults={"skipFinalSnapshot": False, "copyTagsToSnapshot": False},
        replaces=frozenset({"engine", "replicateSourceDb"}),
        settings=frozenset({"applyImmediately"}),
        secrets=frozenset({"password"}),
        created=Waiter("db_instance_available", _INSTANCE),
        deleted=Waiter("db_instance_deleted", _INSTANCE),
        name="identifier",
        longest_name=63,
        holds_data=True,
    ),
}
