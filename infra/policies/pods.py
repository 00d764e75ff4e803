"""What runs on a cluster: images that cannot change, in pods that can do nothing to their node.

Source: Pod Security Standards, profile "restricted".
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from infra.policies.rules import Missing, Resource, Rule, is_true, items, look_up

_TEMPLATES: Final = (
    "kubernetes:apps/v1:DaemonSet",
    "kubernetes:apps/v1:Deployment",
    "kubernetes:apps/v1:StatefulSet",
    "kubernetes:batch/v1:Job",
)
_BY_DIGEST: Final = re.compile(r"@sha256:[0-9a-f]{64}$")
_ON_THIS_MACHINE: Final = "local"


def _containers(resource: Resource) -> Iterator[Any]:
    for path in ("containers", "initContainers"):
        yield from items(resource.get(f"spec.template.spec.{path}"))


def _movable(resource: Resource) -> Iterator[str]:
    if resource.stack == _ON_THIS_MACHINE:
        return
    for container in _containers(resource):
        image = look_up(container, "image")
        if image is not Missing.UNKNOWN and not _BY_DIGEST.search(str(image)):
            yield f"image: {image!r}: must be named by its digest (…@sha256:…): a tag may mean another one tomorrow"


BY_DIGEST: Final = Rule("images-by-digest", "What is deployed is what was reviewed.", _TEMPLATES, _movable)


def _unrestricted(resource: Resource) -> Iterator[str]:
    whole_pod = look_up(resource.get("spec.template.spec.securityContext"), "runAsNonRoot")
    for container in _containers(resource):
        name, context = look_up(container, "name"), "securityContext."
        if not is_true(whole_pod) and look_up(container, f"{context}runAsNonRoot") is not True:
            yield f"{name}: securityContext.runAsNonRoot: must be true"
        if look_up(container, f"{context}allowPrivilegeEscalation") is not False:
            yield f"{name}: securityContext.allowPrivilegeEscalation: must be false"
        if not is_true(look_up(container, f"{context}readOnlyRootFilesystem")):
            yield f"{name}: securityContext.readOnlyRootFilesystem: must be true"
        if [*items(look_up(container, f"{context}capabilities.drop"))] != ["ALL"]:
            yield f"{name}: securityContext.capabilities.drop: must be [ALL]"
        if look_up(container, "resources.limits.memory") is Missing.UNSET:
            yield f"{name}: resources.limits.memory: must be set"


RESTRICTED: Final = Rule("restricted-pods", "Pods are restricted, and bounded in memory.", _TEMPLATES, _unrestricted)
