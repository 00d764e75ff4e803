"""`boutique status` and `boutique logs`: what runs on the cluster."""

import contextlib
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from httpx2 import HTTPError
from lightkube import Client
from lightkube.resources.core_v1 import Pod

from dev.clusters.client import connect
from dev.directories import state_directory
from dev.errors import ActionableError
from dev.progress import duration
from dev.table import print_table

_NAMESPACE = "boutique"
_RECENT_LINES = 100
_NAME_LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/instance")


def status() -> None:
    """Prints a line for each pod: whether it is ready, its age, how often it was restarted, and its image."""
    with _client() as client:
        rows = sorted(map(_row, client.list(Pod)))
    print_table(("POD", "READY", "STATE", "RESTARTS", "AGE", "IMAGE"), rows)


def logs(service: str) -> None:
    """Prints the last lines of the log of each of the service's pods, and follows them until interrupted."""
    with _client() as client:
        pods = list(client.list(Pod))
        names = [str(pod.metadata.name) for pod in pods if pod.metadata and service in _names(pod)]
        if not names:
            known = sorted({name for pod in pods for name in _names(pod)})
            raise ActionableError(f"No pod of {service!r} is running. There are pods of {', '.join(known)}")
        threads = [threading.Thread(target=_follow, args=(client, name), daemon=True) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _follow(client: Client, pod: str) -> None:
    for line in client.log(pod, follow=True, tail_lines=_RECENT_LINES, newlines=False):
        print(f"{pod}  {line}", flush=True)


@contextlib.contextmanager
def _client() -> Iterator[Client]:
    kubeconfig = state_directory() / "kubeconfig"
    if not kubeconfig.exists():
        raise ActionableError("Nothing is running: `boutique up` starts the shop.")
    try:
        with connect(kubeconfig, _NAMESPACE) as client:
            yield client
    except HTTPError as error:
        raise ActionableError(f"{error}\n`boutique up` starts whatever is not running.") from None


def _names(pod: Pod) -> set[str]:
    """Returns what a person may call a pod: the name of its service or of its store."""
    labels = (pod.metadata and pod.metadata.labels) or {}
    return {labels[key] for key in _NAME_LABELS if key in labels}


def _row(pod: Any) -> tuple[str, ...]:
    """Returns a row of the table. Its argument is not typed since the model marks fields optional that always exist."""
    containers = pod.status.containerStatuses or []
    return (
        pod.metadata.name,
        f"{sum(container.ready for container in containers)}/{len(pod.spec.containers)}",
        _state(pod, containers),
        str(sum(container.restartCount for container in containers)),
        duration((datetime.now(UTC) - pod.metadata.creationTimestamp).total_seconds()),
        pod.spec.containers[0].image,
    )


def _state(pod: Any, containers: Iterable[Any]) -> str:
    if pod.metadata.deletionTimestamp:
        return "Terminating"
    waiting = [container.state.waiting.reason for container in containers if container.state.waiting]
    return str(waiting[0] if waiting else pod.status.phase)
