"""What a pod is busy with, and what keeps it from becoming ready."""

import math
from dataclasses import dataclass
from typing import Any, Final

from boutique_offline.plugins.kubernetes.api import Object


@dataclass(frozen=True)
class Trouble:
    """Something that keeps an object from becoming ready.

    `topic` stays the same while the trouble lasts, however its message changes. `patience` is how many seconds it must
    last to be taken as final; infinite where only the end of all waiting is.
    """

    topic: str
    message: str
    patience: float
    pod: str | None = None
    container: str | None = None
    previous: bool = False
    """Whether the container's last words are in the log of its previous run."""


_IMAGE_SECONDS: Final = 20
_CONFIGURATION_SECONDS: Final = 20
_RESTARTS: Final = 3
"""As often may a container crash: services that need each other crash while the others start."""

_BAD_IMAGE: Final = {"ErrImageNeverPull", "InvalidImageName"}
_NO_IMAGE: Final = {"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError"}
_NOT_STARTED: Final = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}


def ready(pod: Object) -> bool:
    return _condition(pod, "Ready").get("status") == "True"


def state_of(pod: Object) -> str:
    """One word or two on what the pod is doing, such as `ContainerCreating`, `Unschedulable` or `not ready`."""
    status = pod.get("status") or {}
    if pod["metadata"].get("deletionTimestamp"):
        return "Terminating"
    if _condition(pod, "PodScheduled").get("status") == "False":
        return str(_condition(pod, "PodScheduled").get("reason"))
    for container in _container_statuses(pod):
        state = container.get("state") or {}
        if reason := (state.get("waiting") or {}).get("reason"):
            return str(reason)
        terminated = state.get("terminated") or {}
        if terminated.get("exitCode"):
            return _ending(terminated)
    if status.get("phase") == "Running":
        return "not ready"
    return str(status.get("reason") or status.get("phase") or "Pending")


def troubles(pod: Object) -> list[Trouble]:
    """What is wrong with the pod, the worst first."""
    if pod["metadata"].get("deletionTimestamp") or ready(pod):
        return []
    found = [trouble for container in _container_statuses(pod) if (trouble := _of_container(pod, container))]
    return sorted([*found, *_of_pod(pod)], key=lambda trouble: trouble.patience)


def _of_pod(pod: Object) -> list[Trouble]:
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    scheduled = _condition(pod, "PodScheduled")
    if scheduled.get("reason") == "Unschedulable":
        # A cluster that grows by need makes a node for it.
        return [Trouble(f"pod {name}", f"pod {name} is Unschedulable: {scheduled.get('message')}", math.inf)]
    if status.get("phase") == "Failed" and not _owner(pod):
        reason = status.get("reason") or "its containers ended with an error"
        return [Trouble(f"pod {name}", f"pod {name} has failed: {status.get('message') or reason}", 0, pod=name)]
    return []


def _of_container(pod: Object, status: Object) -> Trouble | None:
    pod_name, name = pod["metadata"]["name"], status["name"]
    state = status.get("state") or {}
    waiting = state.get("waiting") or {}
    reason, explanation = waiting.get("reason"), waiting.get("message")
    topic = f"pod {pod_name} container {name}"
    message = f"pod {pod_name}, container {name}: {reason}" + (f": {explanation}" if explanation else "")
    if reason in _BAD_IMAGE:
        return Trouble(topic, f"{message} (image {status.get('image')})", 0)
    if reason in _NO_IMAGE:
        return Trouble(topic, f"{message} (image {status.get('image')})", _IMAGE_SECONDS)
    if reason in _NOT_STARTED:
        return Trouble(topic, message, _CONFIGURATION_SECONDS)
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated") or {}
    restarts = status.get("restartCount", 0)
    if ended.get("exitCode") and (restarts or reason == "CrashLoopBackOff"):
        because = f": {ended['message'].strip()}" if ended.get("message") else ""
        crash = f"pod {pod_name}, container {name} crashes: {_ending(ended)}, {restarts} restarts{because}"
        patience = 0 if reason == "CrashLoopBackOff" and restarts >= _RESTARTS else math.inf
        return Trouble(topic, crash, patience, pod_name, name, previous=not state.get("terminated"))
    return None


def _ending(terminated: Object) -> str:
    """How a container ended, such as `OOMKilled (exit code 137)`."""
    return f"{terminated.get('reason') or 'Error'} (exit code {terminated.get('exitCode')})"


def _owner(pod: Object) -> Any:
    return pod["metadata"].get("ownerReferences")


def _container_statuses(pod: Object) -> list[Object]:
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def _condition(pod: Object, kind: str) -> Object:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return next((condition for condition in conditions if condition.get("type") == kind), {})
