"""Data is encrypted at rest and in transit."""

import json
from collections.abc import Iterator
from typing import Any, Final

from infra.policies.rules import Missing, Property, Resource, Rule, is_set, is_true, items, look_up, property_rule

_INSTANCE: Final = "aws:rds/instance:Instance"
_REPLICATION_GROUP: Final = "aws:elasticache/replicationGroup:ReplicationGroup"
_LISTENER: Final = "aws:lb/listener:Listener"
_BUCKET_POLICY: Final = "aws:s3/bucketPolicy:BucketPolicy"
_PARAMETERS: Final = "aws:rds/parameterGroup:ParameterGroup"
_KEY: Final = "a KMS key"

AT_REST: Final = property_rule(
    "encrypted-at-rest",
    "Stores, images, secrets and notifications are encrypted with keys of the account.",
    Property(_INSTANCE, "storageEncrypted", is_true, "true"),
    Property(_REPLICATION_GROUP, "atRestEncryptionEnabled", is_true, "true"),
    Property(_REPLICATION_GROUP, "kmsKeyId", is_set, _KEY),
    Property("aws:ecr/repository:Repository", "encryptionConfigurations.kmsKey", is_set, _KEY),
    Property("aws:secretsmanager/secret:Secret", "kmsKeyId", is_set, _KEY),
    Property("aws:sns/topic:Topic", "kmsMasterKeyId", is_set, _KEY),
    Property("aws:eks/cluster:Cluster", "encryptionConfig.provider.keyArn", is_set, _KEY),
    Property("aws:kms/key:Key", "enableKeyRotation", is_true, "true: keys rotate each year"),
    Property(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "rules.applyServerSideEncryptionByDefault.sseAlgorithm",
        lambda value: value in ("AES256", "aws:kms"),
        "AES256 or aws:kms",
    ),
)


def _in_transit(resource: Resource) -> Iterator[str]:
    if resource.type == _PARAMETERS:
        parameters = resource.get("parameters")
        if parameters is Missing.UNKNOWN:
            return
        forced = [one for one in items(parameters) if look_up(one, "name") in ("rds.force_ssl", Missing.UNKNOWN)]
        if not any(look_up(one, "value") in ("1", Missing.UNKNOWN) for one in forced):
            yield "parameters: must set rds.force_ssl to 1, or a client may log in without TLS"
    if resource.type == _BUCKET_POLICY:
        policy = resource.get("policy")
        if policy is not Missing.UNKNOWN and not _refuses_plain_http(policy):
            yield "policy: must deny all requests without TLS (aws:SecureTransport false)"


IN_TRANSIT: Final = (
    property_rule(
        "tls",
        "Caches and the load balancer accept only TLS, and caches require a login.",
        Property(_REPLICATION_GROUP, "transitEncryptionEnabled", is_true, "true"),
        Property(_REPLICATION_GROUP, "authToken", is_set, "set"),
        Property(_LISTENER, "protocol", lambda value: value == "HTTPS", "HTTPS"),
        Property(_LISTENER, "sslPolicy", lambda value: "TLS13" in str(value), "one of AWS' policies with TLS 1.3"),
    ),
    Rule(
        "tls-forced",
        "Databases and buckets refuse plain connections.",
        (_PARAMETERS, _BUCKET_POLICY),
        _in_transit,
    ),
)


def _refuses_plain_http(policy: Any) -> bool:
    try:
        statements = json.loads(policy)["Statement"] if isinstance(policy, str) else []
    except (ValueError, KeyError):
        return False
    return any(
        statement["Effect"] == "Deny"
        and statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
        for statement in statements
    )
