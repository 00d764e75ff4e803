"""The database of each stack, with the settings of its file."""

import json
from typing import Any

import pulumi
import pytest

from infra.aws.database import Database, DatabaseArgs
from infra.aws.naming import Naming
from infra.tests.conftest import AWS_STACKS, PLACEMENT, Graph, Graphed, aws_settings, resolved, revealed

INSTANCE = "aws:rds/instance:Instance"


def database(stack: str, **changes: Any) -> Database:
    settings = aws_settings(stack)
    return Database(
        "database",
        DatabaseArgs(
            naming=Naming(stack),
            settings=settings.database.model_copy(update=changes),
            placement=PLACEMENT,
            protected=settings.protected,
            final_snapshot=settings.final_snapshots,
        ),
    )


@pytest.fixture(scope="module")
def graphs(graphed: Graphed) -> dict[str, Graph]:
    return {stack: graphed(lambda stack=stack: database(stack)) for stack in AWS_STACKS}  # type: ignore[misc]


@pytest.fixture(scope="module")
def prod(graphs: dict[str, Graph]) -> Graph:
    return graphs["prod"]


@pytest.fixture(scope="module")
def demo(graphs: dict[str, Graph]) -> Graph:
    return graphs["demo"]


def instances(graph: Graph) -> dict[str, dict[str, Any]]:
    return graph.of_type(INSTANCE)


def test_prod_has_a_standby_two_replicas_and_five_weeks_of_backups(prod: Graph) -> None:
    assert instances(prod).keys() == {"database", "database-replica-1", "database-replica-2"}
    assert instances(prod)["database"]["multiAz"] is True
    assert instances(prod)["database"]["backupRetentionPeriod"] == 35


def test_staging_has_a_standby_and_a_replica(graphs: dict[str, Graph]) -> None:
    assert instances(graphs["staging"]).keys() == {"database", "database-replica-1"}
    assert instances(graphs["staging"])["database"]["multiAz"] is True


def test_demo_has_one_small_database(demo: Graph) -> None:
    (database,) = instances(demo).values()

    assert database["multiAz"] is False
    assert (database["instanceClass"], database["allocatedStorage"]) == ("db.t4g.micro", 20)


def test_prod_cannot_be_deleted_and_would_leave_a_final_snapshot_and_its_key(prod: Graph) -> None:
    database = instances(prod)["database"]

    assert database["deletionProtection"] is True
    assert database["skipFinalSnapshot"] is False
    assert database["finalSnapshotIdentifier"] == "boutique-prod-database-final-database"  # the key's first letters
    assert prod.protected == {(INSTANCE, "database"), ("aws:kms/key:Key", "database")}
    assert prod.retained == {("aws:kms/key:Key", "database")}


def test_a_replica_of_prod_can_be_deleted(prod: Graph) -> None:
    replica = instances(prod)["database-replica-1"]

    assert not replica.get("deletionProtection")
    assert replica["skipFinalSnapshot"] is True
    assert "finalSnapshotIdentifier" not in replica


def test_demo_leaves_nothing_behind(demo: Graph) -> None:
    database = instances(demo)["database"]

    assert database["deletionProtection"] is False
    assert database["skipFinalSnapshot"] is True
    assert "finalSnapshotIdentifier" not in database
    assert demo.protected == demo.retained == set()
    (secret,) = demo.of_type("aws:secretsmanager/secret:Secret").values()
    assert secret["recoveryWindowInDays"] == 0


def test_the_password_of_prod_can_be_recovered(prod: Graph) -> None:
    (secret,) = prod.of_type("aws:secretsmanager/secret:Secret").values()
    assert secret["recoveryWindowInDays"] == 30


@pytest.mark.parametrize("stack", AWS_STACKS)
def test_all_data_is_encrypted_with_the_databases_own_key(graphs: dict[str, Graph], stack: str) -> None:
    graph = graphs[stack]
    (key,) = graph.of_type("aws:kms/key:Key").values()
    primary, *replicas = instances(graph).values()

    assert key["enableKeyRotation"] is True
    assert (primary["storageEncrypted"], primary["kmsKeyId"]) == (True, "database.arn")
    assert primary["performanceInsightsKmsKeyId"] == "database.arn"
    (secret,) = graph.of_type("aws:secretsmanager/secret:Secret").values()
    assert secret["kmsKeyId"] == "database.arn"
    # A replica in its primary's region has the primary's key, and RDS refuses another.
    assert all(replica["storageEncrypted"] and "kmsKeyId" not in replica for replica in replicas)


@pytest.mark.parametrize("stack", AWS_STACKS)
def test_only_the_cluster_connects_and_only_by_tls(graphs: dict[str, Graph], stack: str) -> None:
    graph = graphs[stack]
    (rule,) = graph.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").values()
    (group,) = graph.of_type("aws:ec2/securityGroup:SecurityGroup").values()
    (parameters,) = graph.of_type("aws:rds/parameterGroup:ParameterGroup").values()
    (subnets,) = graph.of_type("aws:rds/subnetGroup:SubnetGroup").values()

    assert rule["referencedSecurityGroupId"] == "sg-cluster"
    assert "cidrIpv4" not in rule
    assert (rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == ("tcp", 5432, 5432)
    assert not group.get("egress")
    assert {"name": "rds.force_ssl", "value": "1"} in parameters["parameters"]
    assert subnets["subnetIds"] == ["subnet-a", "subnet-b"]
    for instance in instances(graph).values():
        assert instance["publiclyAccessible"] is False
        assert instance["vpcSecurityGroupIds"] == ["database-id"]
        assert instance["parameterGroupName"] == f"boutique-{stack}-database-postgres17"


def test_the_credentials_are_in_one_secret_and_nowhere_else(prod: Graph) -> None:
    (version,) = prod.of_type("aws:secretsmanager/secretVersion:SecretVersion").values()

    assert json.loads(revealed(version["secretString"])) == {"username": "boutique", "password": "database.result"}
    assert instances(prod)["database"]["username"] == "boutique"
    assert revealed(instances(prod)["database"]["password"]) == "database.result"
    # RDS creates no replica of a database whose password it manages.
    assert all("manageMasterUserPassword" not in instance for instance in instances(prod).values())
    replica = instances(prod)["database-replica-1"]
    assert not {"username", "password", "dbName"} & replica.keys()


def test_the_password_has_no_character_that_rds_refuses(prod: Graph) -> None:
    (password,) = prod.of_type("random:index/randomPassword:RandomPassword").values()
    assert (password["length"], password["special"]) == (64, False)


def test_advanced_insights_keep_the_required_time(prod: Graph, demo: Graph) -> None:
    for instance in instances(prod).values():
        assert (instance["databaseInsightsMode"], instance["performanceInsightsRetentionPeriod"]) == ("advanced", 465)
    (instance,) = instances(demo).values()
    assert (instance["databaseInsightsMode"], instance["performanceInsightsRetentionPeriod"]) == ("standard", 7)


def test_changes_that_restart_prod_wait_for_the_maintenance_window(prod: Graph, demo: Graph) -> None:
    assert all(instance["applyImmediately"] is False for instance in instances(prod).values())
    assert all(instance["applyImmediately"] is True for instance in instances(demo).values())


def test_each_log_has_a_group_with_an_expiry_that_belongs_to_the_stack(prod: Graph) -> None:
    groups = {
        group["name"]: group["retentionInDays"] for group in prod.of_type("aws:cloudwatch/logGroup:LogGroup").values()
    }
    assert groups == {
        f"/aws/rds/instance/{instance['identifier']}/{log}": 30
        for instance in instances(prod).values()
        for log in instance["enabledCloudwatchLogsExports"]
    }


def test_a_replica_follows_the_primary_and_grows_like_it(prod: Graph) -> None:
    replica = instances(prod)["database-replica-1"]
    assert replica["replicateSourceDb"] == instances(prod)["database"]["identifier"] == "boutique-prod-database"
    assert replica["maxAllocatedStorage"] == 500


def test_another_version_has_another_parameter_group(graphed: Graphed) -> None:
    graph = graphed(lambda: database("dev", version="18"))
    (parameters,) = graph.of_type("aws:rds/parameterGroup:ParameterGroup").values()
    assert (parameters["name"], parameters["family"]) == ("boutique-dev-database-postgres18", "postgres18")


def test_reads_go_to_a_replica_or_else_to_the_primary(graphed: Graphed) -> None:
    def addresses(read_replicas: int) -> list[pulumi.Output[str]]:
        component = database("dev", read_replicas=read_replicas)
        return [component.address, component.replica_address]

    assert resolved(graphed, lambda: addresses(1)) == ["database.endpoint", "database-replica-1.endpoint"]
    assert resolved(graphed, lambda: addresses(0)) == ["database.endpoint", "database.endpoint"]
