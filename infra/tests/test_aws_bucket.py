"""The bucket of product pictures."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from boutique_definition.validation import ConfigError
from infra.aws.bucket import Bucket, BucketArgs
from infra.aws.iam import document
from infra.aws.naming import Naming
from infra.tests.conftest import Graph, Graphed, aws_settings, resolved

BUCKET = "aws:s3/bucket:Bucket"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"


def bucket(stack: str, pictures: Path) -> Bucket:
    settings = aws_settings(stack)
    args = BucketArgs(naming=Naming(stack), account=settings.account, pictures=pictures, protected=settings.protected)
    return Bucket("bucket", args)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "large").mkdir()
    (tmp_path / "mug.jpg").write_bytes(b"a mug")
    (tmp_path / "large" / "mug.webp").write_bytes(b"a large mug")
    return tmp_path


@pytest.fixture
def prod(graphed: Graphed, pictures: Path) -> Graph:
    return graphed(lambda: bucket("prod", pictures))


def test_its_name_contains_the_account_since_names_are_global(prod: Graph) -> None:
    assert prod.of_type(BUCKET)["pictures"]["bucket"] == "boutique-prod-pictures-123456789012"


def test_it_is_not_public(prod: Graph) -> None:
    (block,) = prod.of_type("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").values()
    (ownership,) = prod.of_type("aws:s3/bucketOwnershipControls:BucketOwnershipControls").values()
    (policy,) = prod.of_type("aws:s3/bucketPolicy:BucketPolicy").values()

    for part in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
        assert block[part] is True
    assert ownership["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    (statement,) = json.loads(policy["policy"])["Statement"]
    assert statement == {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["pictures.arn", "pictures.arn/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def test_it_is_encrypted_and_keeps_old_versions_for_a_month(prod: Graph) -> None:
    (encryption,) = prod.of_type(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    ).values()
    (versioning,) = prod.of_type("aws:s3/bucketVersioning:BucketVersioning").values()
    (lifecycle,) = prod.of_type("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").values()

    assert encryption["rules"] == [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]
    assert versioning["versioningConfiguration"] == {"status": "Enabled"}
    (rule,) = lifecycle["rules"]
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 30}


def test_every_picture_in_the_folder_is_an_object_with_its_content_type(prod: Graph) -> None:
    objects = prod.of_type(OBJECT)
    assert {key: inputs["contentType"] for key, inputs in objects.items()} == {
        "large/mug.webp": "image/webp",
        "mug.jpg": "image/jpeg",
    }
    assert objects["mug.jpg"]["sourceHash"] == hashlib.sha256(b"a mug").hexdigest()


def test_a_new_file_time_alone_is_not_a_change(graphed: Graphed, pictures: Path) -> None:
    def hashes() -> dict[str, Any]:
        graph = graphed(lambda: bucket("dev", pictures))
        return {key: inputs["sourceHash"] for key, inputs in graph.of_type(OBJECT).items()}

    before = hashes()
    os.utime(pictures / "mug.jpg", (0, 0))
    assert hashes() == before
    (pictures / "mug.jpg").write_bytes(b"another mug")
    assert {key for key, digest in hashes().items() if digest != before[key]} == {"mug.jpg"}


def test_an_empty_folder_gives_an_empty_bucket(graphed: Graphed, tmp_path: Path) -> None:
    graph = graphed(lambda: bucket("dev", tmp_path / "missing"))
    assert len(graph.of_type(BUCKET)) == 1
    assert not graph.of_type(OBJECT)


def test_every_file_that_is_not_a_picture_is_named(graphed: Graphed, pictures: Path) -> None:
    (pictures / "notes.txt").touch()
    (pictures / ".hidden").touch()
    with pytest.raises(ConfigError) as caught:
        graphed(lambda: bucket("dev", pictures))
    assert str(caught.value).splitlines() == [
        f"{pictures / name}: must end in one of .avif, .jpg, .png, .svg, .webp" for name in (".hidden", "notes.txt")
    ]


def test_only_a_protected_bucket_cannot_be_deleted_with_its_objects(graphed: Graphed, pictures: Path) -> None:
    prod, demo = (graphed(lambda stack=stack: bucket(stack, pictures)) for stack in ("prod", "demo"))  # type: ignore[misc]

    assert prod.of_type(BUCKET)["pictures"]["forceDestroy"] is False
    assert prod.protected == {(BUCKET, "pictures")}
    assert demo.of_type(BUCKET)["pictures"]["forceDestroy"] is True
    assert demo.protected == set()


def test_its_reader_may_read_the_pictures_and_nothing_else(graphed: Graphed, pictures: Path) -> None:
    (policy,) = resolved(graphed, lambda: [document(bucket("dev", pictures).read)])
    (statement,) = json.loads(policy)["Statement"]
    assert statement == {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["pictures.arn/*"]}
