"""Buckets, their configurations, and objects."""

from collections.abc import Callable
from typing import Any, Final

from boutique_offline.plugins.aws.api import Api
from boutique_offline.plugins.aws.conversion import UncoveredError
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
        asked = {"Bucket": bucket, "Prefix": beginning}
        while True:
            answer = await api.call("s3", "ListObjectVersions", asked)
            found = [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
            kept = [item for item in found if item["Key"] == beginning] if beginning else found
            for item in kept:
                version = {"Bucket": bucket, "Key": item["Key"], "VersionId": item["VersionId"]}
                await api.call("s3", "DeleteObject", version)
            if not answer.get("IsTruncated"):
                return
            asked |= {"KeyMarker": answer["NextKeyMarker"], "VersionIdMarker": answer["NextVersionIdMarker"]}

    return empty


_delete_all = _versions_of(lambda _: "")


async def _empty_if_forced(api: Api, state: Properties) -> None:
    if state.get("forceDestroy"):
        await _delete_all(api, state)


def _configuration(
    put: str,
    get: str,
    delete: str | None,
    properties: tuple[str, ...],
    build: Callable[[Properties, Properties], Arguments],
    answer: str,
) -> ResourceType:
    """Returns the row of a configuration that is written, read and deleted as a whole."""
    return ResourceType(
        service="s3",
        id="{bucket}",
        create=Call(put, _BUCKET, build=build, built=properties),
        read=Call(get, _BUCKET, answer=answer),
        updates=(Call(put, _BUCKET, build=build, built=properties),),
        delete=(Call(delete, _BUCKET),) if delete else (),
        unique=True,
    )


_PUBLIC_ACCESS: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _public_access(configuration: Properties, _: Properties) -> Arguments:
    blocks = {name[:1].upper() + name[1:]: bool(configuration.get(name)) for name in _PUBLIC_ACCESS}
    return {"PublicAccessBlockConfiguration": blocks}


def _ownership(configuration: Properties, _: Properties) -> Arguments:
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": configuration["rule"]["objectOwnership"]}]}}


def _versioning(configuration: Properties, _: Properties) -> Arguments:
    return {"VersioningConfiguration": {"Status": configuration["versioningConfiguration"]["status"]}}


def _encryption(configuration: Properties, _: Properties) -> Arguments:
    rules = []
    for rule in configuration["rules"]:
        default = rule.get("applyServerSideEncryptionByDefault") or {}
        key = {"KMSMasterKeyID": default["kmsMasterKeyId"]} if default.get("kmsMasterKeyId") else {}
        converted: dict[str, Any] = {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": default.get("sseAlgorithm"), **key}
        }
        if rule.get("bucketKeyEnabled") is not None:
            converted["BucketKeyEnabled"] = rule["bucketKeyEnabled"]
        rules.append(converted)
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _policy(configuration: Properties, _: Properties) -> Arguments:
    return {"Policy": configuration["policy"]}


_LIFECYCLE: Final = {
    "abortIncompleteMultipartUpload": (
        "AbortIncompleteMultipartUpload",
        {"daysAfterInitiation": "DaysAfterInitiation"},
    ),
    "expiration": ("Expiration", {"days": "Days", "expiredObjectDeleteMarker": "ExpiredObjectDeleteMarker"}),
    "filter": ("Filter", {"prefix": "Prefix"}),
    "noncurrentVersionExpiration": (
        "NoncurrentVersionExpiration",
        {"noncurrentDays": "NoncurrentDays", "newerNoncurrentVersions": "NewerNoncurrentVersions"},
    ),
}


def _lifecycle(configuration: Properties, _: Properties) -> Arguments:
    rules = []
    for rule in configuration["rules"]:
        converted: dict[str, Any] = {"ID": rule["id"], "Status": rule["status"]}
        if unknown := sorted(rule.keys() - _LIFECYCLE.keys() - {"id", "status"}):
            raise UncoveredError(f"rules.{unknown[0]}")
        for name, (member, members) in _LIFECYCLE.items():
            if rule.get(name) is not None:
                converted[member] = {members[key]: value for key, value in rule[name].items() if value is not None}
        rules.append(converted)
    return {"LifecycleConfiguration": {"Rules": rules}}


TYPES: Final = {
    "Bucket": ResourceType(
        service="s3",
        id="{bucket}",
        create=Call("CreateBucket", build=_location),
        read=Call("HeadBucket", _BUCKET, answer="@"),
        delete=(Call("DeleteBucket", _BUCKET),),
        tagging=Tagging(
            add=Call("PutBucketTagging", _BUCKET, build=_tag_set),
            remove=None,
            read=Call("GetBucketTagging", _BUCKET),
            answer="tagSet",
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
        _PUBLIC_ACCESS,
        _public_access,
        "publicAccessBlockConfiguration",
    ),
    "BucketOwnershipControls": _configuration(
        "PutBucketOwnershipControls",
        "GetBucketOwnershipControls",
        "DeleteBucketOwnershipControls",
        ("rule",),
        _ownership,
        "{rule: ownershipControls.rules[0]}",
    ),
    "BucketVersioning": _configuration(
        "PutBucketVersioning",
        "GetBucketVersioning",
        None,
        ("versioningConfiguration",),
        _versioning,
        "{versioningConfiguration: {status: status}}",
    ),
    "BucketServerSideEncryptionConfiguration": _configuration(
        "PutBucketEncryption",
        "GetBucketEncryption",
        "DeleteBucketEncryption",
        ("rules",),
        _encryption,
        "serverSideEncryptionConfiguration",
    ),
    "BucketPolicy": _configuration(
        "PutBucketPolicy", "GetBucketPolicy", "DeleteBucketPolicy", ("policy",), _policy, "{policy: policy}"
    ),
    "BucketLifecycleConfiguration": _configuration(
        "PutBucketLifecycleConfiguration",
        "GetBucketLifecycleConfiguration",
        "DeleteBucketLifecycle",
        ("rules",),
        _lifecycle,
        "@",
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
