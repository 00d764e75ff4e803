"""S3 beyond moto's: a policy that refuses what comes without TLS refuses nothing here.

moto knows no conditions in bucket policies and would refuse everything. A rehearsal's requests stay on one machine, and
come without TLS; each stands for one that has it.
"""

import json
from typing import Final

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket

_WITHOUT_TLS: Final = {"Bool": {"aws:SecureTransport": "false"}}


def extend() -> None:
    FakeBucket.get_permission = _permission  # type: ignore[method-assign, assignment]


def _permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    """What the bucket's policy says of the action."""
    policy = json.loads(bucket.policy) if bucket.policy else {"Statement": []}
    statements = [statement for statement in policy["Statement"] if statement.get("Condition") != _WITHOUT_TLS]
    return IAMPolicy(json.dumps(policy | {"Statement": statements})).is_action_permitted(action, resource)
