"""`make status` and `make logs`: what runs on the cluster."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import Any

from boutique_offline.plugins.kubernetes import kubeconfig
from boutique_offline.plugins.kubernetes.api import Api
from boutique_offline.plugins.serving import PluginError
from dev.directories import state_directory
from dev.errors import ActionableError
from dev.progress import duration

_NAMESPACE = "boutique"
_PODS = f"/api/v1/namespaces/{_NAMESPACE}/pods"
_RECENT_LINES = "100"


def status(_: str) -> None:
    """A line a pod: whether it is ready, since when, how often it was restarted, and its image."""
    asyncio.run(_print_status())


def logs(service: str) -> None:
    """Prints the last lines of each of the service's pods, and follows them until interrupted."""
    if not service:
        raise ActionableError("Which service's? For instance: make logs SERVICE=frontend")
    asyncio.run(_follow_logs(service))


def _open_api() -> Api:
    config = state_directory() / "kubeconfig"
    if not config.exists():
        raise ActionableError("Nothing runs: `make up` starts the shop.")
    return Api(kubeconfig.load(str(config), None))


async def _print_status() -> None:
    async with _open_api() as api:
        pods = (await _asked(api.get(_PODS)))["items"]
    rows = [("POD", "READY", "STATE", "RESTARTS", "AGE", "IMAGE"), *sorted(map(_row, pods))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip())


async def _follow_logs(service: str) -> None:
    async with _open_api() as api:
        pods = (await _asked(api.get(_PODS)))["items"]
        names = [pod["metadata"]["name"] for pod in pods if service in _names(pod)]
        if not names:
            known = sorted({name for pod in pods for name in _names(pod)})
            raise ActionableError(f"No pod of {service!r} runs. There are: {', '.join(known)}")
        await asyncio.gather(*(_follow_pod(api, name) for name in names))


async def _follow_pod(api: Api, pod: str) -> None:
    async for line in api.lines(f"{_PODS}/{pod}/log", follow="true", tailLines=_RECENT_LINES):
        print(f"{pod}  {line}")
        sys.stdout.flush()


async def _asked(answer: Any) -> Any:
    try:
        return await answer
    except PluginError as error:
        raise ActionableError(f"{error}\n`make up` starts what does not run.") from None


def _names(pod: dict[str, Any]) -> set[str]:
    """What a person may call a pod: by its service, or by its store."""
    labels = pod["metadata"].get("labels", {})
    return {labels[key] for key in ("app.kubernetes.io/name", "app.kubernetes.io/instance") if key in labels}


def _row(pod: dict[str, Any]) -> tuple[str, ...]:
    containers = pod["status"].get("containerStatuses", [])
    ready = sum(container["ready"] for container in containers)
    started = datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
    return (
        pod["metadata"]["name"],
        f"{ready}/{len(pod['spec']['containers'])}",
        _state(pod, containers),
        str(sum(container["restartCount"] for container in containers)),
        duration((datetime.now(UTC) - started).total_seconds()),
        pod["spec"]["containers"][0]["image"],
    )


def _state(pod: dict[str, Any], containers: list[dict[str, Any]]) -> str:
    if "deletionTimestamp" in pod["metadata"]:
        return "Terminating"
    waiting = [container["state"]["waiting"]["reason"] for container in containers if "waiting" in container["state"]]
    return str(waiting[0] if waiting else pod["status"]["phase"])
