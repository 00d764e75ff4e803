"""The plugin under the real engine, against a real API with its controllers."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from offline.tests.plugins.stack import Stack

pytestmark = pytest.mark.cluster

Object = dict[str, Any]

NOT_AWAITED = {"pulumi.com/skipAwait": "true"}
PULL_FAILS = {"state": {"waiting": {"reason": "ErrImagePull", "message": "manifest unknown"}}}
RUNS = {"state": {"running": {}}, "ready": True}
ENDS_WELL, ENDS_BADLY = ({"state": {"terminated": {"exitCode": code}}} for code in (0, 1))


def _deployment(*, replicas: int = 1, image: str = "cart:1", app: str = "cart", awaited: bool = False) -> Object:
    labels = {"app": app}
    container = {"name": "main", "image": image, "resources": {"requests": {"cpu": "0.5"}}}
    return {
        "metadata": {"name": "cart", "annotations": {} if awaited else NOT_AWAITED},
        "spec": {
            "replicas": replicas,
            "selector": {"match_labels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


@asynccontextmanager
async def _kubelet(stack: Stack, **statuses: Object) -> AsyncIterator[None]:
    """Plays the node: gives each pod's container the status that is named by its image's tag, and says so."""

    async def run() -> None:
        pods = await stack.discovery.find("v1", "Pod")
        async for found in stack.api.follow(pods.collection(stack.namespace)):
            for pod in found:
                if not (pod.get("status") or {}).get("containerStatuses"):
                    await play(pods.item(stack.namespace, pod["metadata"]["name"]), pod)

    async def play(path: str, pod: Object) -> None:
        image = pod["spec"]["containers"][0]["image"]
        status: Object = {"name": "main", "image": image, "imageID": "", "ready": False, "restartCount": 0}
        status |= statuses[image.rpartition(":")[2]]
        ready = {"type": "Ready", "status": str(status["ready"]), "lastTransitionTime": "2026-01-01T00:00:00Z"}
        ended = status["state"].get("terminated")
        phase = "Running" if ended is None else "Failed" if ended["exitCode"] else "Succeeded"
        manifest = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": pod["metadata"]["name"]},
            "status": {"phase": phase, "conditions": [ready], "containerStatuses": [status]},
        }
        await stack.api.apply(f"{path}/status", manifest, fieldManager="kubelet", force="true")

    task = asyncio.ensure_future(run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_changed_field_is_the_only_thing_that_is_shown_and_changed(stack: Stack) -> None:
    stack.declare("apps.v1.Deployment", "cart", _deployment())
    assert (await stack.up()).count("created") == 4
    assert (await stack.up()).count("unchanged") == 4
    stack.declare("apps.v1.Deployment", "cart", _deployment(replicas=2))
    assert await stack.preview() == {"cart": {"": "update", "spec.replicas": "update"}}
    before = await stack.live("apps/v1", "Deployment", "cart")
    assert (await stack.up()).count("updated") == 1
    after = await stack.live("apps/v1", "Deployment", "cart")
    assert after["spec"] == before["spec"] | {"replicas": 2}
    assert await stack.preview() == {}
    assert (await stack.destroy()).count("deleted") == 4


async def test_a_field_that_the_cluster_does_not_change_replaces_the_object(stack: Stack) -> None:
    stack.declare("apps.v1.Deployment", "cart", _deployment(app="cart"))
    await stack.up()
    old = await stack.live("apps/v1", "Deployment", "cart")
    stack.declare("apps.v1.Deployment", "cart", _deployment(app="basket"))
    changes = (await stack.preview())["cart"]
    assert changes["spec.selector.matchLabels.app"] == "update-replace"
    assert changes["spec.template.metadata.labels.app"] == "update"
    assert (await stack.up()).count("replaced") == 1
    assert (await stack.live("apps/v1", "Deployment", "cart"))["metadata"]["uid"] != old["metadata"]["uid"]


async def test_what_was_changed_or_deleted_behind_pulumi_is_seen_by_refresh_and_mended_by_up(stack: Stack) -> None:
    stack.declare("apps.v1.Deployment", "cart", _deployment())
    stack.declare("core.v1.Service", "door", {"metadata": {"name": "door"}, "spec": {"ports": [{"port": 80}]}})
    await stack.up()
    image = {"template": {"spec": {"containers": [{"name": "main", "image": "evil:1"}]}}}
    await stack.set_by_another("apps/v1", "Deployment", "cart", {"spec": {"replicas": 5} | image}, "kubectl-edit")
    await stack.api.delete(
        (await stack.discovery.find("v1", "Service")).item(stack.namespace, "door"), propagation="Background"
    )
    refreshed = await stack.refresh()
    assert (refreshed.count("updated"), refreshed.count("deleted")) == (1, 1)
    changes = await stack.preview()
    assert set(changes["cart"]) == {"", "spec.replicas", "spec.template.spec.containers[0].image"}
    assert changes["door"][""] == "create"
    assert (await stack.up()).succeeded
    mended = (await stack.live("apps/v1", "Deployment", "cart"))["spec"]
    assert (mended["replicas"], mended["template"]["spec"]["containers"][0]["image"]) == (1, "cart:1")
    assert await stack.live("v1", "Service", "door")


async def test_a_change_that_was_not_seen_yet_is_not_overwritten_but_told_with_its_author(stack: Stack) -> None:
    stack.declare("apps.v1.Deployment", "cart", _deployment())
    await stack.up()
    await stack.set_by_another("apps/v1", "Deployment", "cart", {"spec": {"replicas": 5}}, "kubectl-edit")
    stack.declare("apps.v1.Deployment", "cart", _deployment(replicas=2))
    complaint = await stack.refused_preview()
    assert "spec.replicas" in complaint
    assert 'conflict with "kubectl-edit"' in complaint
    assert (await stack.live("apps/v1", "Deployment", "cart"))["spec"]["replicas"] == 5


async def test_an_ignored_field_is_left_to_the_autoscaler(stack: Stack) -> None:
    stack.declare("apps.v1.Deployment", "cart", _deployment(), ignore=["spec.replicas"])
    await stack.up()
    await stack.set_by_another("apps/v1", "Deployment", "cart", {"spec": {"replicas": 5}}, "autoscaler")
    stack.declare("apps.v1.Deployment", "cart", _deployment(image="cart:2"), ignore=["spec.replicas"])
    assert (await stack.up()).count("updated") == 1
    spec = (await stack.live("apps/v1", "Deployment", "cart"))["spec"]
    assert (spec["replicas"], spec["template"]["spec"]["containers"][0]["image"]) == (5, "cart:2")


async def test_what_the_cluster_refuses_is_refused_in_the_preview(stack: Stack) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    stack.declare("core.v1.Namespace", stack.namespace, {"metadata": {"name": stack.namespace, "labels": labels}})
    await stack.up()
    stack.declare("apps.v1.Deployment", "cart", _deployment(replicas=-1))
    assert "spec.replicas: Invalid value: -1" in await stack.refused_preview()
    stack.undeclare("cart")
    stack.declare(
        "core.v1.Pod",
        "loose",
        {"metadata": {"name": "loose"}, "spec": {"containers": [{"name": "main", "image": "x"}]}},
    )
    assert "violates PodSecurity" in await stack.refused_preview()
    stack.undeclare("loose")


async def test_an_object_of_someone_else_is_not_taken(stack: Stack) -> None:
    await stack.up()
    await stack.set_by_another("v1", "ConfigMap", "settings", {"data": {"a": "theirs"}}, "kubectl")
    stack.declare("core.v1.ConfigMap", "settings", {"metadata": {"name": "settings"}, "data": {"a": "ours"}})
    assert "exists already" in await stack.refused_preview()
    assert not (await stack.up()).succeeded
    assert (await stack.live("v1", "ConfigMap", "settings"))["data"] == {"a": "theirs"}


async def test_a_rollout_that_fails_names_pod_and_cause_and_the_next_up_mends_it(stack: Stack) -> None:
    stack.declare("apps.v1.Deployment", "cart", _deployment(image="cart:good", awaited=True))
    async with _kubelet(stack, good=RUNS, bad=PULL_FAILS):
        assert (await stack.up()).succeeded
        stack.declare("apps.v1.Deployment", "cart", _deployment(image="cart:bad", awaited=True))
        failed = await stack.up()
        assert not failed.succeeded
        assert "container main: ErrImagePull: manifest unknown (image cart:bad)" in failed.output
        # The replica that served goes on serving.
        assert (await stack.live("apps/v1", "Deployment", "cart"))["status"]["availableReplicas"] == 1
        assert not (await stack.up()).succeeded
        stack.declare("apps.v1.Deployment", "cart", _deployment(image="cart:good", awaited=True))
        assert (await stack.up()).succeeded
    assert (await stack.up()).count("unchanged") == 4


async def _waiting_up(stack: Stack) -> asyncio.subprocess.Process:
    """An `up` that has come to wait for a Deployment."""
    process = await stack.begin("up", "--yes", "--skip-preview")
    assert process.stdout
    async for line in process.stdout:
        if b"Waiting for" in line and b"Deployment" in line:
            return process
    raise AssertionError("up ended without waiting")


async def _kill_with_children(process: asyncio.subprocess.Process) -> None:
    """The engine's language host does not notice that the engine was killed."""
    tasks = list(Path(f"/proc/{process.pid}/task").glob("*/children"))  # noqa: ASYNC240 - not a disk
    children = [int(child) for task in tasks for child in task.read_text().split()]
    process.kill()
    await process.wait()
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


async def test_an_interrupted_up_records_what_it_made_and_the_next_goes_on(stack: Stack) -> None:
    stack.declare("apps.v1.Deployment", "cart", _deployment(image="cart:good", awaited=True))
    process = await _waiting_up(stack)
    process.send_signal(signal.SIGINT)
    output, _ = await process.communicate()
    assert "interrupted" in output.decode()
    async with _kubelet(stack, good=RUNS):
        again = await stack.up()
    assert (again.count("updated"), again.count("created")) == (1, 0)


async def test_an_up_after_one_that_was_killed_takes_up_the_objects_that_it_left(stack: Stack) -> None:
    stack.declare("apps.v1.Deployment", "cart", _deployment(image="cart:good", awaited=True))
    process = await _waiting_up(stack)
    await _kill_with_children(process)
    await (await stack.begin("cancel", "--yes")).wait()
    left = await stack.live("apps/v1", "Deployment", "cart")
    async with _kubelet(stack, good=RUNS):
        assert (await stack.up()).succeeded
    assert (await stack.live("apps/v1", "Deployment", "cart"))["metadata"]["uid"] == left["metadata"]["uid"]


async def test_a_job_that_failed_is_made_anew_by_the_next_up_and_one_that_is_complete_is_left(stack: Stack) -> None:
    pod = {"restart_policy": "Never", "containers": [{"name": "main", "image": "migration:1"}]}
    metadata = {"name": "migration", "annotations": {"pulumi.com/replaceUnready": "true"}}
    stack.declare(
        "batch.v1.Job", "migration", {"metadata": metadata, "spec": {"backoff_limit": 0, "template": {"spec": pod}}}
    )
    async with _kubelet(stack, **{"1": ENDS_BADLY}):
        failed = await stack.up()
    assert not failed.succeeded
    assert "BackoffLimitExceeded" in failed.output
    async with _kubelet(stack, **{"1": ENDS_WELL}):
        assert (await stack.up()).count("replaced") == 1
    assert await stack.preview() == {}


async def test_a_deletion_waits_for_what_holds_the_object_and_names_it(stack: Stack) -> None:
    held = {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}}
    stack.declare("core.v1.ConfigMap", "held", held)
    await stack.up()
    stack.undeclare("held")
    process = await stack.begin("up", "--yes", "--skip-preview")
    assert process.stdout
    async for line in process.stdout:
        if b"held by example.com/hold" in line:
            break
    else:
        raise AssertionError("up did not wait for the ConfigMap to be gone")
    manager = (await stack.live("v1", "ConfigMap", "held"))["metadata"]["managedFields"][0]["manager"]
    await stack.set_by_another("v1", "ConfigMap", "held", {}, manager)
    assert (await process.communicate())[0].decode().count("deleted")
    assert process.returncode == 0


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """A chart with a definition and an object of it, a secret in a Secret and elsewhere, and a test."""
    path = tmp_path / "chart"
    for folder in ("templates", "crds"):
        (path / folder).mkdir(parents=True)
    (path / "Chart.yaml").write_text("apiVersion: v2\nname: store\nversion: 0.1.0\n")
    (path / "crds" / "widgets.yaml").write_text(
        """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
"""
    )
    (path / "templates" / "all.yaml").write_text(
        """
apiVersion: v1
kind: Secret
metadata: {name: store}
stringData: {password: {{ .Values.password | quote }}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: store, annotations: {checksum: {{ .Values.password | sha256sum }}}}
data: {url: "postgres://shop:{{ .Values.password }}@store"}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: gear}
---
apiVersion: v1
kind: Pod
metadata: {name: check, annotations: {helm.sh/hook: test}}
spec: {containers: [{name: main, image: x}]}
"""
    )
    return path


async def test_a_chart_s_objects_are_resources_and_its_secrets_stay_secret(stack: Stack, chart: Path) -> None:
    stack.declare("helm.v4.Chart", "store", {"chart": str(chart)}, secret={"password": "hunter2"})
    shown = await stack.preview()
    assert {name for name in shown if name.startswith("store:")} == {
        f"store:{stack.namespace}/store",
        f"store:{stack.namespace}/gear",
        "store:widgets.example.com",
    }
    assert (await stack.up()).count("created") == 8
    assert (await stack.live("v1", "ConfigMap", "store"))["data"]["url"] == "postgres://shop:hunter2@store"
    assert await stack.live("example.com/v1", "Widget", "gear")
    assert await stack.preview() == {}
    recorded = await stack.recorded()
    assert "hunter2" not in recorded
    assert "aHVudGVyMg" not in recorded
    assert "hunter2" in await stack.recorded("--show-secrets")
