"""Postgres, run by RDS."""

from typing import Any, Final

from boutique_offline.plugins.aws.conversion import UncoveredError
from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType, Tagging, Waiter

_TAGGING: Final = Tagging(
    add=Call("AddTagsToResource", {"ResourceName": "{arn}"}),
    remove=Call("RemoveTagsFromResource", {"ResourceName": "{arn}"}),
    read=Call("ListTagsForResource", {"ResourceName": "{arn}"}),
    answer="tagList",
)
_SUBNETS: Final = {"DBSubnetGroupName": "{name}"}
_PARAMETERS: Final = {"DBParameterGroupName": "{name}"}
_INSTANCE: Final = {"DBInstanceIdentifier": "{identifier}"}
# What waits for a restart unless it is said otherwise is the provider's affair: `immediate` is its default.
_APPLY: Final = "immediate"


def _parameters(group: Properties, old: Properties) -> Arguments:
    given = {parameter["name"]: parameter for parameter in group.get("parameters") or []}
    before = {parameter["name"] for parameter in old.get("parameters") or []}
    if gone := sorted(before - given.keys()):
        raise UncoveredError(f"parameters without {gone[0]}")
    return {
        "Parameters": [
            {
                "ParameterName": name,
                "ParameterValue": parameter["value"],
                "ApplyMethod": parameter.get("applyMethod", _APPLY),
            }
            for name, parameter in given.items()
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
    "SubnetGroup": ResourceType(
        service="rds",
        id="{name}",
        create=Call("CreateDBSubnetGroup"),
        read=Call("DescribeDBSubnetGroups", _SUBNETS, answer="dbSubnetGroups[0]"),
        updates=(Call("ModifyDBSubnetGroup", _SUBNETS, takes=("description", "subnetIds"), whole=True),),
        delete=(Call("DeleteDBSubnetGroup", _SUBNETS),),
        tagging=_TAGGING,
        members={"name": "DBSubnetGroupName", "description": "DBSubnetGroupDescription"},
        reads={"arn": "dbSubnetGroupArn", "subnetIds": "subnets[].subnetIdentifier"},
        defaults={"description": "Managed by Pulumi"},
        name="name",
    ),
    "ParameterGroup": ResourceType(
        service="rds",
        id="{name}",
        create=Call("CreateDBParameterGroup"),
        read=Call("DescribeDBParameterGroups", _PARAMETERS, answer="dbParameterGroups[0]"),
        updates=(Call("ModifyDBParameterGroup", _PARAMETERS, build=_parameters, built=("parameters",)),),
        details=(
            Call(
                "DescribeDBParameters",
                _PARAMETERS | {"Source": "user"},
                answer="{parameters: parameters[].{name: parameterName, value: parameterValue, "
                "applyMethod: applyMethod}}",
            ),
        ),
        delete=(Call("DeleteDBParameterGroup", _PARAMETERS),),
        tagging=_TAGGING,
        members={"name": "DBParameterGroupName", "family": "DBParameterGroupFamily"},
        reads={"arn": "dbParameterGroupArn"},
        defaults={"description": "Managed by Pulumi"},
        settings=frozenset({"skipDestroy"}),
        name="name",
    ),
    "Instance": ResourceType(
        service="rds",
        id="{dbiResourceId}",
        create=Call("CreateDBInstance", answer="dbInstance"),
        copy=Call(
            "CreateDBInstanceReadReplica",
            when=lambda instance: bool(instance.get("replicateSourceDb")),
            answer="dbInstance",
        ),
        read=Call("DescribeDBInstances", _INSTANCE, answer="dbInstances[0]"),
        updates=(
            Call(
                "ModifyDBInstance",
                _INSTANCE | {"ApplyImmediately": True},
                takes=(
                    "allocatedStorage",
                    "allowMajorVersionUpgrade",
                    "autoMinorVersionUpgrade",
                    "backupRetentionPeriod",
                    "backupWindow",
                    "caCertIdentifier",
                    "copyTagsToSnapshot",
                    "databaseInsightsMode",
                    "dbSubnetGroupName",
                    "deletionProtection",
                    "engineVersion",
                    "iamDatabaseAuthenticationEnabled",
                    "instanceClass",
                    "iops",
                    "maintenanceWindow",
                    "manageMasterUserPassword",
                    "maxAllocatedStorage",
                    "monitoringInterval",
                    "monitoringRoleArn",
                    "multiAz",
                    "parameterGroupName",
                    "password",
                    "performanceInsightsEnabled",
                    "performanceInsightsKmsKeyId",
                    "performanceInsightsRetentionPeriod",
                    "publiclyAccessible",
                    "storageThroughput",
                    "storageType",
                    "vpcSecurityGroupIds",
                ),
            ),
            Call(
                "ModifyDBInstance",
                _INSTANCE | {"ApplyImmediately": True},
                build=_log_exports,
                built=("enabledCloudwatchLogsExports",),
            ),
            Call("ModifyDBInstance", _INSTANCE | {"ApplyImmediately": True}, build=_new_port, built=("port",)),
        ),
        delete=(
            Call(
                "DeleteDBInstance",
                _INSTANCE,
                takes=("skipFinalSnapshot", "finalSnapshotIdentifier", "deleteAutomatedBackups"),
            ),
        ),
        tagging=_TAGGING,
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
        replaces=frozenset({"replicateSourceDb"}),
        settings=frozenset({"applyImmediately"}),
        secrets=frozenset({"password"}),
        created=Waiter("db_instance_available", _INSTANCE),
        deleted=Waiter("db_instance_deleted", _INSTANCE),
        name="identifier",
        longest_name=63,
        holds_data=True,
    ),
}
