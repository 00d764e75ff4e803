"""The Job that prepares a service's stores before pods with a new image or configuration run."""

import hashlib

import pulumi
from pulumi_kubernetes.batch.v1 import Job
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from boutique_definition.service_file import ServiceFile
from infra.shop import labels
from infra.shop.pod import Configuration, migration_pod

_DEADLINE_SECONDS = 540
"""Longer than a migration waits for its store, and shorter than Pulumi waits for a Job (10 min)."""
_RETRIES = 2


def create_migration(
    name: str,
    service: ServiceFile,
    image: str,
    configuration: Configuration,
    metadata: ObjectMetaArgsDict,
    opts: pulumi.ResourceOptions,
) -> Job:
    """Creates the Job. For Pulumi it is created once the stores are prepared.

    The Job is named after its image and configuration, so that a change of them creates another Job. A finished
    Job is kept, since Pulumi would otherwise recreate it.
    """
    version = pulumi.Output.concat(image, "\n", configuration.fingerprint).apply(
        lambda text: hashlib.sha256(text.encode()).hexdigest()[:10]
    )
    return Job(
        labels.migration(name),
        metadata={
            **metadata,
            "name": pulumi.Output.concat(labels.migration(name), "-", version),
            # The next `up` replaces a Job that failed, instead of waiting for it.
            "annotations": {"pulumi.com/replaceUnready": "true"},
        },
        spec={
            "active_deadline_seconds": _DEADLINE_SECONDS,
            "backoff_limit": _RETRIES,
            "template": migration_pod(name, service, image, configuration),
        },
        opts=opts,
    )
