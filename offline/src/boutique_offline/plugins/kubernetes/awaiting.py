"""Waiting for an object to be ready, or to be gone, by watching it and what is related to it."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from boutique_offline.plugins.kubernetes.api import Api, ApiError, Object
from boutique_offline.plugins.kubernetes.discovery import Discovery, Kind
from boutique_offline.plugins.kubernetes.manifests import SKIP_AWAIT, annotated
from boutique_offline.plugins.kubernetes.naming import describe
from boutique_offline.plugins.kubernetes.pods import Trouble
from boutique_offline.plugins.kubernetes.readiness import READINESS, Progress, Related
from boutique_offline.plugins.serving import PluginError

DEFAULT_TIMEOUT_SECONDS: Final = 600
_LOG_LINES: Final = 10


@dataclass(frozen=True)
class Patience:
    """For how long to wait, and where to show what for."""

    seconds: float
    report: Callable[[str], None]


class NotReadyError(PluginError):
    """The object exists but will not, or did not in time, become ready."""

    def __init__(self, reasons: list[str], live: Object) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons
        self.live = live


@dataclass(frozen=True)
class Cluster:
    """What waiting needs of a cluster, and the event that ends all waiting: the user's interrupt."""

    api: Api
    discovery: Discovery
    interrupted: asyncio.Event


async def until_ready(cluster: Cluster, kind: Kind, manifest: Object, patience: Patience) -> Object:
    """The object once it is ready. Raises NotReadyError as soon as it is clear that it will not be."""
    readiness = READINESS.get((kind.group, kind.name))
    if readiness is None or annotated(manifest, SKIP_AWAIT):
        return manifest
    live, progress, troubles = manifest, Progress(f"the cluster to tell of {describe(manifest)}"), _Troubles()
    deadline = time.monotonic() + patience.seconds
    async with _watching(cluster, manifest, [_itself(manifest), *readiness.related(manifest)]) as changes:
        while True:
            try:
                seen = await _next(changes, min(deadline, troubles.next_final()))
            except _InterruptedError:
                raise await _not_ready(cluster, live, "was not waited for: interrupted", progress) from None
            if seen is not None:
                (itself, *others), related = seen, readiness.related(manifest)
                if not itself:
                    raise PluginError(f"{describe(manifest)} was deleted while it was waited for")
                live = itself[0]
                progress = readiness.judge(live, {one.kind: items for one, items in zip(related, others, strict=True)})
                if progress.done:
                    return live
                patience.report(str(progress))
                troubles.update(progress.troubles)
            if final := troubles.final():
                raise await _not_ready(cluster, live, "cannot become ready", progress, final)
            if time.monotonic() >= deadline:
                raise await _not_ready(cluster, live, f"is not ready after {patience.seconds:.0f} s", progress)


class _Troubles:
    """What keeps an object from becoming ready, and since when."""

    def __init__(self) -> None:
        self._final_at: dict[Trouble, float] = {}
        self._since: dict[str, float] = {}

    def update(self, troubles: list[Trouble]) -> None:
        now = time.monotonic()
        self._since = {trouble.topic: self._since.get(trouble.topic, now) for trouble in troubles}
        self._final_at = {trouble: self._since[trouble.topic] + trouble.patience for trouble in troubles}

    def final(self) -> list[Trouble]:
        """Those that have lasted too long."""
        now = time.monotonic()
        return [trouble for trouble, moment in self._final_at.items() if moment <= now]

    def next_final(self) -> float:
        """When, on the monotonic clock, the next of them will have lasted too long."""
        return min(self._final_at.values(), default=math.inf)


async def failing(cluster: Cluster, kind: Kind, live: Object) -> NotReadyError | None:
    """Why the object will not become ready, if that is clear at one look."""
    readiness = READINESS.get((kind.group, kind.name))
    if readiness is None or annotated(live, SKIP_AWAIT) or readiness.judge(live, {}).done:
        return None
    others = {}
    for related in readiness.related(live):
        others[related.kind] = await cluster.api.list(await _path(cluster, related, live), **related.query)
    progress = readiness.judge(live, others)
    final = [trouble for trouble in progress.troubles if trouble.patience < DEFAULT_TIMEOUT_SECONDS]
    return await _not_ready(cluster, live, "cannot become ready", progress, final) if final else None


async def until_gone(cluster: Cluster, kind: Kind, deleted: Object, patience: Patience) -> None:
    """Returns once the object that was deleted is gone. Raises PluginError saying what holds it."""
    deadline = time.monotonic() + patience.seconds
    message = f"Waiting for {describe(deleted)} to be gone"
    async with _watching(cluster, deleted, [_itself(deleted)]) as changes:
        while True:
            try:
                seen = await _next(changes, deadline)
            except _InterruptedError:
                raise PluginError(f"{describe(deleted)} is being deleted; interrupted: {message}") from None
            if seen is None:
                raise PluginError(f"{describe(deleted)} is still there after {patience.seconds:.0f} s: {message}")
            # Another object may have taken the name.
            remaining = [item for item in seen[0] if item["metadata"]["uid"] == deleted["metadata"]["uid"]]
            if not remaining:
                return
            message = _waiting_to_be_gone(kind, remaining[0])
            patience.report(message)


def _waiting_to_be_gone(kind: Kind, live: Object) -> str:
    return f"Waiting for {describe(live)} to be gone: {_held_by(kind, live) or 'it ends'}"


def _held_by(kind: Kind, live: Object) -> str:
    if (kind.group, kind.name) == ("", "Namespace"):
        conditions = (live.get("status") or {}).get("conditions") or []
        told = [condition.get("message") for condition in conditions if condition.get("status") == "True"]
        return "; ".join(filter(None, told)) or "what is in it is deleted first"
    finalizers = live["metadata"].get("finalizers") or []
    return f"held by {', '.join(finalizers)}" if finalizers else ""


async def _not_ready(
    cluster: Cluster, live: Object, verdict: str, progress: Progress, troubles: list[Trouble] | None = None
) -> NotReadyError:
    """The error, with the last lines that a container in trouble wrote."""
    reasons = [f"{describe(live)} {verdict}: still waiting for {progress.waiting_for}"]
    # Replicas of a workload fail alike: the first tells as much as all.
    told = (progress.troubles if troubles is None else troubles)[:2]
    reasons += [trouble.message + await _last_words(cluster, live, trouble) for trouble in told]
    return NotReadyError(reasons, live)


async def _last_words(cluster: Cluster, live: Object, trouble: Trouble) -> str:
    if trouble.pod is None:
        return ""
    pods = await cluster.discovery.find("v1", "Pod")
    query = {"tailLines": str(_LOG_LINES)}
    if trouble.container:
        query |= {"container": trouble.container, "previous": str(trouble.previous).lower()}
    try:
        log = await cluster.api.get_text(pods.item(live["metadata"]["namespace"], trouble.pod) + "/log", **query)
    except ApiError:
        # The pod or its log may be gone; the trouble itself is told all the same.
        return ""
    return "; last lines of its log:\n" + "\n".join(f"  {line}" for line in log.splitlines()) if log else ""


def _itself(manifest: Object) -> Related:
    query = {"fieldSelector": f"metadata.name={manifest['metadata']['name']}"}
    return Related(manifest["apiVersion"], manifest["kind"], query)


async def _path(cluster: Cluster, related: Related, manifest: Object) -> str:
    kind = await cluster.discovery.find(related.api_version, related.kind)
    return kind.collection(manifest["metadata"].get("namespace"))


class _InterruptedError(Exception):
    """The user does not want to wait any longer."""


_Seen = list[list[Object]]
_Changes = asyncio.Queue[_Seen | Exception]


async def _next(changes: _Changes, until: float) -> _Seen | None:
    """What is there after the next change, or nothing when the monotonic clock reaches `until`."""
    try:
        async with asyncio.timeout(max(0, until - time.monotonic())):
            change = await changes.get()
    except TimeoutError:
        return None
    if isinstance(change, Exception):
        raise change
    return change


@asynccontextmanager
async def _watching(cluster: Cluster, manifest: Object, watched: list[Related]) -> AsyncIterator[_Changes]:
    """A queue that gets the objects of all that is watched, in its order, once they are known and at each change."""
    changes: _Changes = asyncio.Queue()
    seen: dict[int, list[Object]] = {}

    async def watch(position: int, related: Related) -> None:
        try:
            path = await _path(cluster, related, manifest)
            async for items in cluster.api.follow(path, **related.query):
                seen[position] = list(items)
                if len(seen) == len(watched):
                    changes.put_nowait([seen[index] for index in range(len(watched))])
        except Exception as error:  # noqa: BLE001 - raised where the queue is read
            changes.put_nowait(error)

    async def watch_for_interrupt() -> None:
        await cluster.interrupted.wait()
        changes.put_nowait(_InterruptedError())

    tasks = [asyncio.ensure_future(watch(position, related)) for position, related in enumerate(watched)]
    tasks.append(asyncio.ensure_future(watch_for_interrupt()))
    try:
        yield changes
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
