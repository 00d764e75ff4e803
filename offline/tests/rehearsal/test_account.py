"""Tests the extensions of moto: they respond and refuse as AWS does."""

import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from boutique_offline.rehearsal.account.inventory import Item, inventory
from boutique_offline.rehearsal.account.serving import HEALTH

ACCOUNT, REGION = "210987654321", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/trial"
AUTO_MODE: dict[str, Any] = {
    "accessConfig": {"authenticationMode": "API"},
    "computeConfig": {"enabled": True, "nodePools": ["system"], "nodeRoleArn": ROLE},
    "kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": True}},
    "storageConfig": {"blockStorage": {"enabled": True}},
}


@pytest.fixture(scope="module")
def account() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "boutique_offline.rehearsal.account", "--port", str(port), "--account", ACCOUNT]
    command += ["--region", REGION, "--address", "127.0.0.2"]
    root = Path(__file__).parents[3]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        assert process.wait() == 0


def _client(account: str, service: str) -> Any:
    return botocore.session.get_session().create_client(
        service, region_name=REGION, endpoint_url=account, aws_access_key_id="test", aws_secret_access_key="test"
    )


@pytest.fixture(scope="module")
def eks(account: str) -> Any:
    return _client(account, "eks")


@pytest.fixture(scope="module")
def subnets(account: str) -> list[str]:
    """Returns the subnets of the account's default VPC."""
    found = _client(account, "ec2").describe_subnets()["Subnets"]
    return [subnet["SubnetId"] for subnet in found]


@pytest.fixture(scope="module")
def cluster(account: str, eks: Any, subnets: list[str]) -> str:
    _client(account, "iam").create_role(
        RoleName="trial", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}'
    )
    eks.create_cluster(
        name="shop", roleArn=ROLE, version="1.34", resourcesVpcConfig={"subnetIds": subnets}, **AUTO_MODE
    )
    return "shop"


def _refused(code: str, call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    assert refusal.value.response["Error"]["Code"] == code
    return str(refusal.value.response["Error"].get("Message"))


def test_the_account_has_its_number_on_every_address(account: str) -> None:
    for endpoint in (account, account.replace("127.0.0.1", "127.0.0.2")):
        assert _client(endpoint, "sts").get_caller_identity()["Account"] == ACCOUNT
        with urllib.request.urlopen(endpoint + HEALTH) as response:
            assert response.status == 200


def test_a_cluster_with_auto_mode_has_the_requested_settings(eks: Any, cluster: str) -> None:
    described = eks.describe_cluster(name=cluster)["cluster"]
    assert {name: described[name] for name in AUTO_MODE if name != "kubernetesNetworkConfig"} == {
        name: value for name, value in AUTO_MODE.items() if name != "kubernetesNetworkConfig"
    }
    assert described["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "172.20.0.0/16"
    assert described["status"] == "ACTIVE"


def test_the_security_group_of_a_cluster_is_deleted_with_it(account: str, eks: Any, subnets: list[str]) -> None:
    before = inventory(account, REGION)
    vpc = {"subnetIds": subnets}
    created = eks.create_cluster(name="short", roleArn=ROLE, resourcesVpcConfig=vpc)["cluster"]
    group = Item("ec2", "security-group", created["resourcesVpcConfig"]["clusterSecurityGroupId"])
    assert group in inventory(account, REGION)
    eks.delete_cluster(name="short")
    assert inventory(account, REGION) == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": "1.19"}, "unsupported Kubernetes version 1.19"),
        ({"computeConfig": {"enabled": False}}, "enabled together"),
        ({"accessConfig": {"authenticationMode": "CONFIG_MAP"}}, "authentication mode"),
    ],
)
def test_an_invalid_cluster_is_refused(eks: Any, subnets: list[str], changes: dict[str, Any], words: str) -> None:
    settings = {"name": "bad", "roleArn": ROLE, "resourcesVpcConfig": {"subnetIds": subnets}} | AUTO_MODE | changes
    assert words in _refused("InvalidParameterException", eks.create_cluster, **settings)


def test_a_cluster_needs_two_zones(eks: Any, subnets: list[str]) -> None:
    vpc = {"subnetIds": subnets[:1]}
    said = _refused("InvalidParameterException", eks.create_cluster, name="bad", roleArn=ROLE, resourcesVpcConfig=vpc)
    assert "two different AZs" in said


def test_a_cluster_with_deletion_protection_is_not_deleted(eks: Any, cluster: str) -> None:
    eks.update_cluster_config(name=cluster, deletionProtection=True)
    assert "deletion protection" in _refused("InvalidRequestException", eks.delete_cluster, name=cluster)
    eks.update_cluster_config(name=cluster, deletionProtection=False)


def test_a_cluster_takes_one_type_of_change_and_one_version_at_a_time(eks: Any, cluster: str) -> None:
    both = {"deletionProtection": True, "upgradePolicy": {"supportType": "STANDARD"}}
    assert "Only one" in _refused("InvalidParameterException", eks.update_cluster_config, name=cluster, **both)
    _refused("InvalidParameterException", eks.update_cluster_version, name=cluster, version="1.33")


def test_eks_creates_the_access_entry_of_auto_mode_nodes(eks: Any, cluster: str) -> None:
    entry = {"clusterName": cluster, "principalArn": ROLE}
    assert eks.describe_access_entry(**entry)["accessEntry"]["type"] == "EC2"
    assert "already in use" in _refused("ResourceInUseException", eks.create_access_entry, **entry)


def test_an_access_entry_takes_existing_policies_until_it_is_deleted(eks: Any, cluster: str) -> None:
    entry = {"clusterName": cluster, "principalArn": f"arn:aws:iam::{ACCOUNT}:role/admin"}
    scope = {"type": "cluster"}
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    _refused("ResourceNotFoundException", eks.associate_access_policy, **entry, policyArn=policy, accessScope=scope)
    eks.create_access_entry(**entry, kubernetesGroups=["admins"])
    _refused("InvalidParameterException", eks.associate_access_policy, **entry, policyArn="all", accessScope=scope)
    eks.associate_access_policy(**entry, policyArn=policy, accessScope=scope)
    [association] = eks.list_associated_access_policies(**entry)["associatedAccessPolicies"]
    assert association["policyArn"] == policy
    eks.delete_access_entry(**entry)
    _refused("ResourceNotFoundException", eks.describe_access_entry, **entry)
    _refused("InvalidParameterException", eks.create_access_entry, clusterName=cluster, principalArn="someone")


def test_a_service_account_has_one_existing_role(eks: Any, cluster: str) -> None:
    settings = {"clusterName": cluster, "namespace": "shop", "serviceAccount": "cart", "roleArn": ROLE}
    missing = settings | {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/none"}
    _refused("InvalidParameterException", eks.create_pod_identity_association, **missing)
    created = eks.create_pod_identity_association(**settings)["association"]
    assert created["associationId"] in _refused(
        "ResourceInUseException", eks.create_pod_identity_association, **settings
    )
    listed = eks.list_pod_identity_associations(clusterName=cluster, namespace="shop", serviceAccount="cart")
    assert [each["associationId"] for each in listed["associations"]] == [created["associationId"]]
    gone = {"clusterName": cluster, "associationId": created["associationId"]}
    eks.delete_pod_identity_association(**gone)
    _refused("ResourceNotFoundException", eks.describe_pod_identity_association, **gone)


def test_an_offered_add_on_can_be_added_once(eks: Any, cluster: str) -> None:
    _refused("InvalidParameterException", eks.create_addon, clusterName=cluster, addonName="none")
    eks.create_addon(clusterName=cluster, addonName="metrics-server", tags={"a": "b"})
    _refused("ResourceInUseException", eks.create_addon, clusterName=cluster, addonName="metrics-server")
    described = eks.describe_addon(clusterName=cluster, addonName="metrics-server")["addon"]
    eks.tag_resource(resourceArn=described["addonArn"], tags={"c": "d"})
    eks.untag_resource(resourceArn=described["addonArn"], tagKeys=["a"])
    assert eks.list_tags_for_resource(resourceArn=described["addonArn"])["tags"] == {"c": "d"}
    eks.delete_addon(clusterName=cluster, addonName="metrics-server")
    assert eks.list_addons(clusterName=cluster)["addons"] == []


def test_versions_in_standard_support_are_a_subset_of_all(eks: Any) -> None:
    standard = eks.describe_cluster_versions(versionStatus="STANDARD_SUPPORT")["clusterVersions"]
    everything = eks.describe_cluster_versions()["clusterVersions"]
    assert "1.34" in [version["clusterVersion"] for version in standard]
    assert len(standard) < len(everything)


def test_a_major_version_of_postgres_matches_its_minor_versions(account: str) -> None:
    rds = _client(account, "rds")
    found = rds.describe_db_engine_versions(Engine="postgres", EngineVersion="17")["DBEngineVersions"]
    assert {version["EngineVersion"].partition(".")[0] for version in found} == {"17"}
    assert rds.describe_db_engine_versions(Engine="postgres", EngineVersion="9")["DBEngineVersions"] == []


def test_an_unknown_instance_class_is_not_offered_and_refused(account: str) -> None:
    rds = _client(account, "rds")
    settings = {"Engine": "postgres", "EngineVersion": "17.6", "DBInstanceClass": "db.t9.huge"}
    assert rds.describe_orderable_db_instance_options(**settings)["OrderableDBInstanceOptions"] == []
    _refused("InvalidParameterValue", rds.create_db_instance, DBInstanceIdentifier="bad", **settings)


def test_a_database_with_a_managed_password_cannot_have_a_replica(account: str) -> None:
    rds = _client(account, "rds")
    settings = {
        "Engine": "postgres",
        "DBInstanceClass": "db.t4g.micro",
        "MasterUsername": "trial",
        "AllocatedStorage": 20,
    }
    rds.create_db_instance(DBInstanceIdentifier="managed", ManageMasterUserPassword=True, **settings)
    replica = {"DBInstanceIdentifier": "replica", "SourceDBInstanceIdentifier": "managed"}
    _refused("InvalidParameterCombination", rds.create_db_instance_read_replica, **replica)


def test_groups_of_a_cache_must_exist_and_cannot_be_deleted_while_in_use(account: str, subnets: list[str]) -> None:
    cache = _client(account, "elasticache")
    settings = {
        "ReplicationGroupId": "carts",
        "ReplicationGroupDescription": "carts",
        "CacheNodeType": "cache.t4g.micro",
        "NumCacheClusters": 2,
        "CacheParameterGroupName": "carts",
        "CacheSubnetGroupName": "carts",
    }
    cache.create_cache_subnet_group(CacheSubnetGroupName="carts", CacheSubnetGroupDescription="c", SubnetIds=subnets)
    _refused("CacheParameterGroupNotFound", cache.create_replication_group, **settings)
    parameters = {"CacheParameterGroupName": "carts", "CacheParameterGroupFamily": "valkey8", "Description": "carts"}
    cache.create_cache_parameter_group(**parameters)
    _refused("InvalidParameterCombination", cache.create_replication_group, **settings, AuthToken="x" * 16)
    created = cache.create_replication_group(**settings)["ReplicationGroup"]
    assert created["MemberClusters"] == ["carts-001", "carts-002"]
    _refused("CacheSubnetGroupInUse", cache.delete_cache_subnet_group, CacheSubnetGroupName="carts")
    cache.delete_replication_group(ReplicationGroupId="carts", FinalSnapshotIdentifier="carts-last")
    assert cache.describe_snapshots()["Snapshots"][0]["SnapshotName"] == "carts-last"
    cache.delete_cache_subnet_group(CacheSubnetGroupName="carts")
    cache.delete_cache_parameter_group(CacheParameterGroupName="carts")


def test_a_bucket_policy_that_requires_tls_allows_requests_on_this_machine(account: str) -> None:
    s3 = _client(account, "s3")
    s3.create_bucket(Bucket="pictures", CreateBucketConfiguration={"LocationConstraint": REGION})
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::pictures/*"}
    without_tls = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    s3.put_bucket_policy(Bucket="pictures", Policy=json.dumps({"Statement": [deny | without_tls]}))
    s3.put_object(Bucket="pictures", Key="mug.svg", Body=b"<svg/>")
    s3.put_bucket_policy(Bucket="pictures", Policy=json.dumps({"Statement": [deny]}))
    _refused("403", s3.put_object, Bucket="pictures", Key="mug.svg", Body=b"")
