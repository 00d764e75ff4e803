"""Tests the webhook of Pod Identity against the emulated account, over TLS as the API server calls it."""

import base64
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from boutique_offline.node.certificates import KeyPair, create_authority, create_certificate
from boutique_offline.rehearsal.eks.controller import StoreNames
from boutique_offline.rehearsal.eks.pod_identity import PATH, PodIdentity, review, server
from offline.tests.plugins.aws_account import REGION, emulated_account

HOSTS = {"database.rds.amazonaws.com": "10.245.0.7"}


def client(endpoint: str, service: str) -> Any:
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    return session.client(service, endpoint_url=endpoint)  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def account() -> Iterator[str]:
    """Runs an account with a cluster in which the service account `boutique/cart` has a role."""
    with emulated_account() as endpoint:
        trust = {"Version": "2012-10-17", "Statement": []}
        role = client(endpoint, "iam").create_role(RoleName="cart", AssumeRolePolicyDocument=json.dumps(trust))
        ec2 = client(endpoint, "ec2")
        network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=network, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")
            for number, zone in enumerate("ab")
        ]
        eks = client(endpoint, "eks")
        eks.create_cluster(
            name="boutique-dev",
            roleArn=role["Role"]["Arn"],
            resourcesVpcConfig={"subnetIds": [subnet["Subnet"]["SubnetId"] for subnet in subnets]},
        )
        eks.create_pod_identity_association(
            clusterName="boutique-dev", namespace="boutique", serviceAccount="cart", roleArn=role["Role"]["Arn"]
        )
        yield endpoint


@pytest.fixture
def identity(account: str, tmp_path: Path) -> PodIdentity:
    certificate = tmp_path / "ca.pem"
    certificate.write_text("a CA certificate")
    return PodIdentity(account, "http://10.244.0.1:5000", REGION, certificate, lambda: HOSTS)


def pod(service_account: str) -> dict[str, Any]:
    container = {"name": "service", "env": [{"name": "PORT", "value": "8080"}]}
    volumes = [{"name": "scratch", "emptyDir": {}}]
    return {
        "metadata": {"annotations": {"boutique.dev/configuration": "digest"}},
        "spec": {"serviceAccountName": service_account, "containers": [container], "volumes": volumes},
    }


def patched(identity: PodIdentity, service_account: str = "cart") -> Mapping[str, Any]:
    return {change["path"]: change["value"] for change in identity.patch("boutique", pod(service_account))}


def test_a_pod_of_an_associated_service_account_gets_credentials_of_the_role(identity: PodIdentity) -> None:
    variables = {entry["name"]: entry["value"] for entry in patched(identity)["/spec/containers/0/env"]}
    assert variables["PORT"] == "8080"
    assert variables["AWS_ENDPOINT_URL"] == "http://10.244.0.1:5000"
    session = boto3.Session(
        variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], variables["AWS_SESSION_TOKEN"], REGION
    )
    caller = session.client("sts", endpoint_url=identity.endpoint).get_caller_identity()
    assert ":assumed-role/cart/" in caller["Arn"]


def test_a_pod_gets_the_addresses_and_the_ca_certificate_of_the_stores(identity: PodIdentity) -> None:
    changes = patched(identity)
    assert changes["/spec/hostAliases"] == [{"ip": "10.245.0.7", "hostnames": ["database.rds.amazonaws.com"]}]
    assert "a CA certificate" in changes["/metadata/annotations"].values()
    assert changes["/metadata/annotations"]["boutique.dev/configuration"] == "digest"
    assert [volume["name"] for volume in changes["/spec/volumes"]] == ["scratch", "rehearsal-ca"]


def test_a_pod_of_another_service_account_is_not_changed(identity: PodIdentity) -> None:
    assert identity.patch("boutique", pod("frontend")) == []
    assert identity.patch("elsewhere", pod("cart")) == []


def test_the_webhook_responds_in_the_format_of_the_api_server(identity: PodIdentity, tmp_path: Path) -> None:
    authority = KeyPair(tmp_path / "ca.crt", tmp_path / "ca.key")
    create_authority(authority)
    certificate = KeyPair(tmp_path / "webhook.crt", tmp_path / "webhook.key")
    create_certificate(certificate, authority, user="pod-identity", hosts=["IP:127.0.0.1"])
    webhook = server(identity, ("127.0.0.1", 0), certificate)
    threading.Thread(target=webhook.serve_forever, daemon=True).start()
    try:
        context = ssl.create_default_context(cafile=authority.certificate)
        url = f"https://127.0.0.1:{webhook.server_address[1]}"
        with httpx.Client(verify=context, trust_env=False) as api_server:
            request = {"request": {"uid": "1", "namespace": "boutique", "object": pod("cart")}}
            response = api_server.post(f"{url}{PATH}?timeout=10s", json=request).json()["response"]
            assert api_server.post(url, json=request).status_code == 404
    finally:
        webhook.shutdown()
    assert (response["uid"], response["allowed"], response["patchType"]) == ("1", True, "JSONPatch")
    assert json.loads(base64.b64decode(response["patch"]))[0]["op"] == "add"


def test_pods_are_denied_while_the_account_does_not_respond(tmp_path: Path) -> None:
    unreachable = PodIdentity("http://127.0.0.1:9", "http://127.0.0.1:9", REGION, tmp_path, lambda: HOSTS)
    request = {"request": {"uid": "1", "namespace": "boutique", "object": pod("cart")}}
    response = review(unreachable, request)["response"]
    assert response["allowed"] is False
    assert "the emulated Pod Identity failed" in response["status"]["message"]


def test_pods_wait_until_the_addresses_of_all_stores_are_known() -> None:
    names = StoreNames(lambda: {"database.rds.amazonaws.com"}, timeout=0)
    with pytest.raises(TimeoutError, match="database"):
        names.wait()
    names.addresses = HOSTS
    assert names.wait() == HOSTS
