"""Buckets, their configurations, and objects."""

from collections.abc import Callable
from typing import Any, Final

from boutique_offline.plugins.aws.api import Api
from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType, Tagging
from boutique_offline.plugins.properties import Asset

_BUCKET: Final = {"Bucket": "{bucket}"}
_OBJECT: Final = _BUCKET | {"Key": "{key}"}
_DEFAULT_REGION: Final = "us-east-1"


def _location(bucket: Properties, _: Properties) -> Arguments:
    """Returns the location, which must be absent for one region. Source: S3 API reference, CreateBucket."""
    region = bucket["region"]
    return {} if region == _DEFAULT_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}


def _tag_set(bucket: Properties, _: Properties) -> Arguments:
    return {"Tagging": {"TagSet": [{"Key": key, "Value": value} for key, value in bucket["tags"].items()]}}


def _content(item: Properties, _: Properties) -> Arguments:
    """Returns the object's bytes."""
    source = item.get("source")
    if isinstance(source, Asset):
        return {"Body": source.content()}
    return {"Body": item.get("content", "").encode()}


def _versions_of(prefix: Callable[[Properties], str]) -> Any:
    """Returns a function that deletes all versions of the objects with the prefix, as AWS keeps them otherwise."""

    async def empty(api: Api, state: Properties) -> None:
        bucket, beginning = state["bucket"], prefix(state)
        request = {"Bucket": bucket, "Prefix": beginning}
        while True:
            response = await api.call("s3", "ListObjectVersions", request)
            found = [*response.get("Versions", []), *response.get("DeleteMarkers", [])]
            kept = [item for item in found if item["Key"] == beginning] if beginning else found
            for item in kept:
                version = {"Bucket": bucket, "Key": item["Key"], "VersionId": item["VersionId"]}
                await api.call("s3", "DeleteObject", version)
            if not response.get("IsTruncated"):
                return
            request |= {"KeyMarker": response["NextKeyMarker"], "VersionIdMarker": response["NextVersionIdMarker"]}

    return empty


_delete_all = _versions_of(lambda _: "")


async def _empty_if_forced(api: Api, state: Properties) -> None:
    if state.get("forceDestroy"):
        await _delete_all(api, state)


def _configuration(
    put: str, get: str, delete: str | None, within: str | None, result: str, **members: str
) -> ResourceType:
    """Returns the row of a configuration that is written, read and deleted as a whole.

    Args:
        put: Operation that writes it.
        get: Operation that reads it.
        delete: Operation that deletes it, if there is one.
        within: Member that contains the configuration in a request.
        result: JMESPath of the configuration in the response.
        members: Names of members that differ from those of properties.
    """
    return ResourceType(
        service="s3",
        id="{bucket}",
        create=Call(put, _BUCKET, within=within),
        read=Call(get, _BUCKET, result=result),
        updates=(Call(put, _BUCKET, within=within, takes_all=True, whole=True),),
        delete=(Call(delete, _BUCKET),) if delete else (),
        members=members,
        unique=True,
    )


TYPES: Final = {
    "Bucket": ResourceType(
        service="s3",
        id="{bucket}",
        create=Call("CreateBucket", build=_location),
        read=Call("HeadBucket", _BUCKET),
        delete=(Call("DeleteBucket", _BUCKET),),
        tagging=Tagging(
            add=Call("PutBucketTagging", _BUCKET, build=_tag_set),
            remove=None,
            read=Call("GetBucketTagging", _BUCKET),
            result="tagSet",
        ),
        computed={
            "arn": "arn:aws:s3:::{bucket}",
            "bucketDomainName": "{bucket}.s3.amazonaws.com",
            "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com",
        },
        settings=frozenset({"forceDestroy"}),
        empty=_empty_if_forced,
        name="bucket",
        longest_name=63,
        holds_data=True,
    ),
    "BucketPublicAccessBlock": _configuration(
        "PutPublicAccessBlock",
        "GetPublicAccessBlock",
        "DeletePublicAccessBlock",
        within="PublicAccessBlockConfiguration",
        result="publicAccessBlockConfiguration",
    ),
    "BucketOwnershipControls": _configuration(
        "PutBucketOwnershipControls",
        "GetBucketOwnershipControls",
        "DeleteBucketOwnershipControls",
        within="OwnershipControls",
        result="{rule: ownershipControls.rules[0]}",
        rule="Rules",
    ),
    "BucketVersioning": _configuration(
        "PutBucketVersioning",
        "GetBucketVersioning",
        None,
        within=None,
        result="{versioningConfiguration: {status: status}}",
    ),
    "BucketServerSideEncryptionConfiguration": _configuration(
        "PutBucketEncryption",
        "GetBucketEncryption",
        "DeleteBucketEncryption",
        within="ServerSideEncryptionConfiguration",
        result="serverSideEncryptionConfiguration",
    ),
    "BucketPolicy": _configuration(
        "PutBucketPolicy", "GetBucketPolicy", "DeleteBucketPolicy", within=None, result="{policy: policy}"
    ),
    "BucketLifecycleConfiguration": _configuration(
        "PutBucketLifecycleConfiguration",
        "GetBucketLifecycleConfiguration",
        "DeleteBucketLifecycle",
        within="LifecycleConfiguration",
        result="@",
    ),
    "BucketObjectv2": ResourceType(
        service="s3",
        id="{bucket}/{key}",
        create=Call("PutObject", build=_content, built=("source", "content", "sourceHash")),
        read=Call("HeadObject", _OBJECT),
        updates=(
            Call(
                "PutObject",
                _OBJECT,
                takes=("contentType", "cacheControl"),
                build=_content,
                built=("source", "content", "sourceHash"),
                whole=True,
            ),
        ),
        computed={"arn": "arn:aws:s3:::{bucket}/{key}"},
        empty=_versions_of(lambda item: item["key"]),
        unique=True,
    ),
}
