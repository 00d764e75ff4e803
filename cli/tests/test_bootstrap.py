"""What an account has after its bootstrap, whatever it had before."""

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


def mended(account: Account) -> dict[str, list[str]]:
    return {ensured.what: ensured.changes for ensured in ensure(account)}


@pytest.fixture
def with_pipelines(account: Account) -> Account:
    return changed(account, pipelines=PipelineSettings(organization=ORGANIZATION, project=ORGANIZATION))


def test_an_empty_account_gets_a_bucket_and_a_key(account: Account) -> None:
    assert mended(account) == {"key": ["made"], "state bucket": ["made"]}
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


def test_a_second_time_all_is_as_it_was(with_pipelines: Account, capsys: pytest.CaptureFixture[str]) -> None:
    mended(with_pipelines)
    assert mended(with_pipelines) == {"key": [], "state bucket": [], "identity provider": []}
    bootstrap(with_pipelines)
    assert capsys.readouterr().out.count("as it was") == 3
    assert len(with_pipelines.session.client("kms").list_keys()["Keys"]) == 1


@pytest.mark.parametrize(
    ("drift", "told"),
    [
        ({"put_bucket_versioning": {"VersioningConfiguration": {"Status": "Suspended"}}}, "versioning set"),
        ({"delete_public_access_block": {}}, "public access block set"),
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
def test_what_of_the_bucket_has_drifted_is_mended_alone(account: Account, drift: dict[str, Any], told: str) -> None:
    mended(account)
    for operation, arguments in drift.items():
        getattr(account.session.client("s3"), operation)(Bucket=BUCKET, **arguments)
    assert mended(account) == {"key": [], "state bucket": [told]}
    assert mended(account) == {"key": [], "state bucket": []}


def test_a_key_that_waits_to_be_deleted_is_kept(account: Account) -> None:
    mended(account)
    kms = account.session.client("kms")
    key = kms.describe_key(KeyId=STATE_KEY_ALIAS)["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key)
    assert mended(account)["key"] == ["its deletion cancelled", "enabled"]
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def test_pipelines_are_vouched_for_where_the_settings_have_them(with_pipelines: Account) -> None:
    assert mended(with_pipelines)["identity provider"] == ["made"]
    iam = with_pipelines.session.client("iam")
    (provider,) = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider["Arn"])
    assert provider["Arn"].endswith(f":oidc-provider/oidc.circleci.com/org/{ORGANIZATION}")
    assert found["ClientIDList"] == [ORGANIZATION]


def test_a_provider_for_somebody_else_is_widened(with_pipelines: Account) -> None:
    asked: list[dict[str, str]] = []

    def add(params: dict[str, Any], **_: object) -> Any:
        """In the place of moto, which lacks the operation."""
        asked.append(params["body"])
        return AWSResponse("", 200, HTTPHeaders(), None), {}

    with_pipelines.session.events.register("before-call.iam.AddClientIDToOpenIDConnectProvider", add)
    with_pipelines.session.client("iam").create_open_id_connect_provider(
        Url=f"https://oidc.circleci.com/org/{ORGANIZATION}", ClientIDList=["other"], ThumbprintList=[]
    )
    assert mended(with_pipelines)["identity provider"] == ["audience added"]
    assert [body["ClientID"] for body in asked] == [ORGANIZATION]


def test_a_bucket_of_another_account_is_told(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    from moto.s3 import responses  # noqa: PLC0415

    def forbid(*_: object) -> Any:
        return 403, {}, b""

    monkeypatch.setattr(responses.S3Response, "head_bucket", forbid)
    with pytest.raises(ActionableError, match=f"{BUCKET} is there, but not for these credentials"):
        mended(account)


def test_it_tells_what_pulumi_must_be_told(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    bootstrap(account)
    told = capsys.readouterr().out
    assert f"PULUMI_BACKEND_URL='s3://{BUCKET}?region=eu-central-1'" in told
    assert "--secrets-provider='awskms://alias/boutique-state?region=eu-central-1'" in told
