"""Makes moto's S3 ignore the statements of bucket policies that deny requests without TLS.

moto does not evaluate conditions in bucket policies and would deny every request. In a rehearsal, requests stay on one
machine and do not use TLS.
"""

import json
from typing import Final

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket

_WITHOUT_TLS: Final = {"Bool": {"aws:SecureTransport": "false"}}


def ignore_missing_tls() -> None:
    """Replaces moto's evaluation of bucket policies."""
    FakeBucket.get_permission = _permission  # type: ignore[method-assign, assignment]


def _permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    """Evaluates the bucket's policy without the statements about TLS."""
    policy = json.loads(bucket.policy) if bucket.policy else {"Statement": []}
    statements = [statement for statement in policy["Statement"] if statement.get("Condition") != _WITHOUT_TLS]
    return IAMPolicy(json.dumps(policy | {"Statement": statements})).is_action_permitted(action, resource)
