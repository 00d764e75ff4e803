"""The job that prepares a service's stores before pods of a new image or configuration run."""

import hashlib

import pulumi
from pulumi_kubernetes.batch.v1 import Job
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from boutique_definition.service_file import ServiceFile
from infra.shop import labels
from infra.shop.pod import Configuration, migration_pod

_DEADLINE_SECONDS = 540
"""More than a migration waits for its store, and less than Pulumi waits for a job: 10 min."""
_RETRIES = 2


def create_migration(
    name: str,
    service: ServiceFile,
    image: str,
    configuration: Configuration,
    metadata: ObjectMetaArgsDict,
    options: pulumi.ResourceOptions,
) -> Job:
    """Is there once the stores are prepared.

    The job is named by what it runs with, so that another image or configuration is another job. It is never removed
    after its end, since then Pulumi would miss it and make it again.
    """
    made_of = pulumi.Output.concat(image, "\n", configuration.fingerprint)
    version = made_of.apply(lambda text: hashlib.sha256(text.encode()).hexdigest()[:10])
    return Job(
        labels.migration(name),
        metadata={
            **metadata,
            "name": pulumi.Output.concat(labels.migration(name), "-", version),
            # One that failed is made anew by the next `up`, instead of waited for in vain.
            "annotations": {"pulumi.com/replaceUnready": "true"},
        },
        spec={
            "active_deadline_seconds": _DEADLINE_SECONDS,
            "backoff_limit": _RETRIES,
            "template": migration_pod(name, service, image, configuration),
        },
        opts=options,
    )
