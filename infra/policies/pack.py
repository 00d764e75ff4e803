"""The policy pack: all rules. Each is mandatory, so that a violation ends a preview and an update."""

import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)

from infra.policies import encryption, exposure, identity, pods, protection, tags
from infra.policies.rules import Missing, Resource, Rule, look_up, read_stack

_CHECK_SECONDS: Final = 1.0

RULES: Final[Sequence[Rule]] = (
    encryption.AT_REST,
    *encryption.IN_TRANSIT,
    exposure.NO_PUBLIC_STORES,
    exposure.NO_OPEN_GROUPS,
    exposure.CLOSED_CLUSTER,
    exposure.ACCESS_ENTRIES_ONLY,
    exposure.NO_CLUSTER_BALANCERS,
    protection.PROTECTED,
    identity.NO_WILDCARDS,
    identity.NO_ADMINISTRATORS,
    tags.TAGGED,
    pods.BY_DIGEST,
    pods.RESTRICTED,
)


def serve() -> None:
    """Serves the pack to Pulumi's engine, which started this process."""
    threading.Thread(target=_exit_with, args=[os.getppid()], daemon=True).start()
    PolicyPack(name="boutique", enforcement_level=EnforcementLevel.MANDATORY, policies=list(map(_policy, RULES)))


def _exit_with(engine: int) -> None:
    """Ends this process when the engine has ended, since an engine that was killed cannot stop it."""
    while os.getppid() == engine:
        time.sleep(_CHECK_SECONDS)
    os._exit(1)


def _policy(rule: Rule) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for violation in rule.violations(_resource(args)):
            report(violation, None)

    return ResourceValidationPolicy(name=rule.name, description=rule.description, validate=validate)


def _resource(args: ResourceValidationArgs) -> Resource:
    # A URN is urn:pulumi:<stack>::<project>::<types>::<name>.
    return Resource(
        type=args.resource_type,
        name=args.name,
        stack=read_stack(args.urn.split("::")[0].rpartition(":")[2]),
        properties=args.props,
        default_tags=default_tags(args.provider.props if args.provider else {}),
    )


def default_tags(provider: Mapping[str, Any]) -> Mapping[str, str]:
    """Returns the tags that a provider with these properties sets on its resources. Its nested settings are JSON."""
    default = look_up(provider, "defaultTags")
    if isinstance(default, Missing):
        return {}
    content = json.loads(default) if isinstance(default, str) else default
    return content.get("tags") or {}
