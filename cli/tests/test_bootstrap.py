"""Tests that a bootstrap brings an account into the desired state, whatever it had before."""

import json
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from cli.account import Account
from cli.bootstrap import bootstrap, ensure
from cli.tests.conftest import changed
from dev.errors import ActionableError
from infra.aws.naming import STATE_KEY_ALIAS, state_bucket
from infra.config.aws import PipelineSettings

BUCKET = state_bucket("123456789012", "eu-central-1")
ORGANIZATION = "11111111-2222-3333-4444-555555555555"


def run(account: Account) -> dict[str, list[str]]:
    return {result.kind: result.changes for result in ensure(account)}


@pytest.fixture
def with_pipelines(account: Account) -> Account:
    return changed(account, pipelines=PipelineSettings(organization=ORGANIZATION, project=ORGANIZATION))


def test_an_empty_account_gets_a_bucket_and_a_key(account: Account) -> None:
    assert run(account) == {"key": ["created"], "state bucket": ["created"]}
    s3 = account.session.client("s3")
    kms = account.session.client("kms")
    key = kms.describe_key(KeyId=STATE_KEY_ALIAS)["KeyMetadata"]
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]
    assert s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] == "eu-central-1"
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key["Arn"]}
    assert all(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values())
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    (old,) = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert old["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}


def test_a_second_bootstrap_changes_nothing(with_pipelines: Account, capsys: pytest.CaptureFixture[str]) -> None:
    run(with_pipelines)
    assert run(with_pipelines) == {"key": [], "state bucket": [], "identity provider": []}
    bootstrap(with_pipelines)
    assert capsys.readouterr().out.count("unchanged") == 3
    assert len(with_pipelines.session.client("kms").list_keys()["Keys"]) == 1


@pytest.mark.parametrize(
    ("drift", "change"),
    [
        ({"put_bucket_versioning": {"VersioningConfiguration": {"Status": "Suspended"}}}, "versioning set"),
        ({"delete_public_access_block": {}}, "public access block set"),
        (
            {
                "put_bucket_lifecycle_configuration": {
                    "LifecycleConfiguration": {
                        "Rules": [{"Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
                    }
                }
            },
            "lifecycle set",
        ),
        ({"delete_bucket_policy": {}}, "policy set"),
        ({"delete_bucket_lifecycle": {}}, "lifecycle set"),
        ({"delete_bucket_ownership_controls": {}}, "ownership set"),
        ({"delete_bucket_tagging": {}}, "tags set"),
        (
            {
                "put_bucket_encryption": {
                    "ServerSideEncryptionConfiguration": {
                        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                    }
                }
            },
            "encryption set",
        ),
    ],
)
def test_only_the_drifted_setting_of_the_bucket_is_corrected(
    account: Account, drift: dict[str, Any], change: str
) -> None:
    run(account)
    for operation, arguments in drift.items():
        getattr(account.session.client("s3"), operation)(Bucket=BUCKET, **arguments)
    assert run(account) == {"key": [], "state bucket": [change]}
    assert run(account) == {"key": [], "state bucket": []}


def test_a_key_scheduled_for_deletion_is_restored(account: Account) -> None:
    run(account)
    kms = account.session.client("kms")
    key = kms.describe_key(KeyId=STATE_KEY_ALIAS)["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key)
    assert run(account)["key"] == ["deletion cancelled", "enabled"]
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def test_pipelines_in_the_settings_get_an_identity_provider(with_pipelines: Account) -> None:
    assert run(with_pipelines)["identity provider"] == ["created"]
    iam = with_pipelines.session.client("iam")
    (provider,) = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider["Arn"])
    assert provider["Arn"].endswith(f":oidc-provider/oidc.circleci.com/org/{ORGANIZATION}")
    assert found["ClientIDList"] == [ORGANIZATION]


def test_an_existing_provider_gets_the_missing_audience(with_pipelines: Account) -> None:
    requests: list[dict[str, str]] = []

    def add(params: dict[str, Any], **_: object) -> Any:
        """Replaces the operation, which moto lacks."""
        requests.append(params["body"])
        return AWSResponse("", 200, HTTPHeaders(), None), {}

    with_pipelines.session.events.register("before-call.iam.AddClientIDToOpenIDConnectProvider", add)
    with_pipelines.session.client("iam").create_open_id_connect_provider(
        Url=f"https://oidc.circleci.com/org/{ORGANIZATION}", ClientIDList=["other"], ThumbprintList=[]
    )
    assert run(with_pipelines)["identity provider"] == ["audience added"]
    assert [body["ClientID"] for body in requests] == [ORGANIZATION]


def test_a_bucket_of_another_account_is_an_error(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    from moto.s3 import responses  # noqa: PLC0415

    def forbid(*_: object) -> Any:
        return 403, {}, b""

    monkeypatch.setattr(responses.S3Response, "head_bucket", forbid)
    with pytest.raises(ActionableError, match=f"{BUCKET} exists, but these credentials have no access"):
        run(account)


def test_the_settings_for_pulumi_are_printed(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    bootstrap(account)
    output = capsys.readouterr().out
    assert f"PULUMI_BACKEND_URL='s3://{BUCKET}?region=eu-central-1'" in output
    assert "--secrets-provider='awskms://alias/boutique-state?region=eu-central-1'" in output
