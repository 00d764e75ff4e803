"""Rules for pods: images cannot change, and pods can do nothing to their node.

Source: Pod Security Standards, profile "restricted".
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from infra.policies.rules import Missing, Resource, Rule, has, is_set, is_true, items, look_up

_TEMPLATE: Final = "spec.template.spec"
_PODS: Final = {
    "kubernetes:apps/v1:DaemonSet": _TEMPLATE,
    "kubernetes:apps/v1:Deployment": _TEMPLATE,
    "kubernetes:apps/v1:ReplicaSet": _TEMPLATE,
    "kubernetes:apps/v1:StatefulSet": _TEMPLATE,
    "kubernetes:batch/v1:CronJob": f"spec.jobTemplate.{_TEMPLATE}",
    "kubernetes:batch/v1:Job": _TEMPLATE,
    "kubernetes:core/v1:Pod": "spec",
}
"""The path of the pod's specification in each kind that creates pods."""

_BY_DIGEST: Final = re.compile(r"@sha256:[0-9a-f]{64}$")


@dataclass(frozen=True)
class _Setting:
    """A setting of a container. A container without its own inherits the pod's at the same path."""

    path: str
    allowed: Callable[[Any], bool]
    must: str


_RESTRICTED: Final = (
    _Setting("securityContext.runAsNonRoot", is_true, "true"),
    _Setting("securityContext.allowPrivilegeEscalation", lambda value: value is False, "false"),
    _Setting("securityContext.readOnlyRootFilesystem", is_true, "true: give it an emptyDir to write to"),
    _Setting("securityContext.capabilities.drop", lambda value: has(value, {"ALL"}), "[ALL]"),
    _Setting(
        "securityContext.seccompProfile.type",
        lambda value: value in ("RuntimeDefault", "Localhost"),
        "RuntimeDefault or Localhost",
    ),
    _Setting("resources.limits.memory", is_set, "set: without it, one pod can take all of a node's memory"),
)


def _containers(pod: Any) -> Iterator[Any]:
    for path in ("containers", "initContainers"):
        yield from items(look_up(pod, path))


def _mutable_images(resource: Resource) -> Iterator[str]:
    if resource.stack.local:
        return
    for container in _containers(resource.get(_PODS[resource.type])):
        image = look_up(container, "image")
        if image is not Missing.UNKNOWN and not _BY_DIGEST.search(str(image)):
            yield f"image: {image!r}: must be named by its digest (…@sha256:…): a tag can be moved to another image"


BY_DIGEST: Final = Rule("images-by-digest", "What is deployed is what was reviewed.", tuple(_PODS), _mutable_images)


def _unrestricted(resource: Resource) -> Iterator[str]:
    pod = resource.get(_PODS[resource.type])
    for path in ("hostIPC", "hostNetwork", "hostPID"):
        if is_true(look_up(pod, path)):
            yield f"{path}: True: must be false: a pod must not use the node's own"
    for volume in items(look_up(pod, "volumes")):
        if look_up(volume, "hostPath") not in (Missing.UNSET, Missing.UNKNOWN):
            yield "volumes.hostPath: must not be set: use an emptyDir or a claim"
    for container in _containers(pod):
        for setting in _RESTRICTED:
            value = look_up(container, setting.path)
            if value is Missing.UNSET:
                value = look_up(pod, setting.path)
            if value is not Missing.UNKNOWN and not setting.allowed(value):
                yield f"{look_up(container, 'name')}: {setting.path}: {value!r}: must be {setting.must}"


RESTRICTED: Final = Rule("restricted-pods", "Pods are restricted, and bounded in memory.", tuple(_PODS), _unrestricted)
