"""Explains why pods are not ready."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from httpx2 import HTTPError
from lightkube import Client
from lightkube.models.core_v1 import ContainerStateTerminated, ContainerStatus
from lightkube.resources.core_v1 import Pod

from dev.clusters.client import connect

_STARTING = {None, "ContainerCreating", "PodInitializing"}


def explain_unready_pods(kubeconfig: Path, namespace: str, log_lines: int = 10) -> str:
    """Returns the reason for each pod that is not ready, with the last lines of its log.

    Returns an empty text if all are ready, and the error if the cluster does not answer.
    """
    try:
        with connect(kubeconfig, namespace) as client:
            pods = sorted(client.list(Pod), key=_name)
            return "\n".join(chain.from_iterable(_explain(client, pod, log_lines) for pod in pods))
    except HTTPError as error:
        return f"The cluster does not say why: {error}"


def _explain(client: Client, pod: Pod, log_lines: int) -> Iterator[str]:
    for container, reason in unready_reasons(pod):
        yield f"{_name(pod)}{f', container {container}' if container else ''}: {reason}"
        if container:
            yield from _log(client, _name(pod), container, log_lines)


def unready_reasons(pod: Pod) -> Iterator[tuple[str | None, str]]:
    """Yields what keeps a pod from being ready, each with the container that has a log of it, if one has."""
    conditions = {condition.type: condition for condition in (pod.status and pod.status.conditions) or []}
    if _is_over(pod) or ("Ready" in conditions and conditions["Ready"].status == "True"):
        return
    scheduled = conditions.get("PodScheduled")
    if scheduled and scheduled.status == "False":
        yield None, f"{scheduled.reason}: {scheduled.message}"
    for status in _container_statuses(pod):
        yield from _container_reasons(status)


def _container_reasons(status: ContainerStatus) -> Iterator[tuple[str | None, str]]:
    waiting = status.state and status.state.waiting
    ended = status.state and status.state.terminated
    last_ended = status.lastState and status.lastState.terminated
    if ended:
        if ended.exitCode:
            yield status.name, _ending(ended)
    elif waiting and last_ended and last_ended.exitCode:
        yield status.name, f"{waiting.reason}, {status.restartCount} restarts, last {_ending(last_ended)}"
    elif waiting:
        if waiting.reason not in _STARTING:
            yield None, f"{waiting.reason}: {waiting.message} (container {status.name}, image {status.image})"
    elif status.state and status.state.running and not status.ready:
        yield status.name, "runs, but is not ready"


def _is_over(pod: Pod) -> bool:
    being_deleted = bool(pod.metadata and pod.metadata.deletionTimestamp)
    return being_deleted or bool(pod.status and pod.status.phase == "Succeeded")


def _container_statuses(pod: Pod) -> list[ContainerStatus]:
    if pod.status is None:
        return []
    return [*(pod.status.initContainerStatuses or []), *(pod.status.containerStatuses or [])]


def _ending(ended: ContainerStateTerminated) -> str:
    return f"{ended.reason or 'Error'} (exit code {ended.exitCode})"


def _log(client: Client, pod: str, container: str, lines: int) -> Iterator[str]:
    try:
        for line in client.log(pod, container=container, tail_lines=lines, newlines=False):
            yield f"    {line}"
    except HTTPError as error:
        yield f"    its log is not available: {error}"


def _name(pod: Pod) -> str:
    return str(pod.metadata.name) if pod.metadata else ""
