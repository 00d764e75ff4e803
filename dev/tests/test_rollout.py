"""Why pods are not ready, from what the API shows of them."""

from typing import Any

import pytest
from lightkube.resources.core_v1 import Pod

from dev.rollout import unready_reasons

Object = dict[str, Any]
UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "Insufficient cpu"}
READY = {"type": "Ready", "status": "True"}


def _pod(container: Object | None = None, *, condition: Object | None = None, **metadata: str) -> Any:
    described = {"name": "main", "image": "cart:2", "imageID": "", "ready": False, "restartCount": 0}
    statuses = [described | container] if container else []
    status = {"phase": "Pending", "conditions": [condition] if condition else [], "containerStatuses": statuses}
    return Pod.from_dict({"metadata": {"name": "cart-1"} | metadata, "status": status})


def _waiting(reason: str, message: str = "", **status: Any) -> Object:
    return {"state": {"waiting": {"reason": reason, "message": message}}} | status


def _reasons(pod: Any) -> list[tuple[str | None, str]]:
    return list(unready_reasons(pod))


def test_an_image_that_cannot_be_pulled_is_named() -> None:
    pod = _pod(_waiting("ErrImagePull", "manifest unknown"))
    assert _reasons(pod) == [(None, "ErrImagePull: manifest unknown (container main, image cart:2)")]


def test_a_crash_loop_is_explained_with_the_exit_code_and_the_log() -> None:
    ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    pod = _pod(_waiting("CrashLoopBackOff", "back-off 20s", restartCount=3, lastState=ended))
    assert _reasons(pod) == [("main", "CrashLoopBackOff, 3 restarts, last OOMKilled (exit code 137)")]


def test_a_container_that_failed_says_its_exit_code() -> None:
    pod = _pod({"state": {"terminated": {"exitCode": 1, "reason": "Error"}}})
    assert _reasons(pod) == [("main", "Error (exit code 1)")]


def test_a_pod_that_no_node_has_room_for_says_what_is_missing() -> None:
    assert _reasons(_pod(condition=UNSCHEDULABLE)) == [(None, "Unschedulable: Insufficient cpu")]


def test_a_running_container_that_fails_its_probe_is_explained_with_its_log() -> None:
    assert _reasons(_pod({"state": {"running": {}}})) == [("main", "runs, but is not ready")]


def test_a_container_that_is_being_created_has_no_reason_yet() -> None:
    assert _reasons(_pod(_waiting("ContainerCreating"))) == []


@pytest.mark.parametrize(
    "pod",
    [
        _pod(_waiting("CrashLoopBackOff", restartCount=9), condition=READY),
        _pod({"state": {"terminated": {"exitCode": 1}}}, deletionTimestamp="2026-01-01T00:00:00Z"),
        Pod.from_dict({"metadata": {"name": "job-1"}, "status": {"phase": "Succeeded"}}),
    ],
    ids=["ready", "being deleted", "completed"],
)
def test_a_pod_that_needs_no_attention_has_no_reason(pod: Any) -> None:
    assert _reasons(pod) == []
