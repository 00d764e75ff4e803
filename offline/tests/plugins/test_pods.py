import math
from typing import Any

import pytest

from boutique_offline.plugins.kubernetes.pods import ready, state_of, troubles

Object = dict[str, Any]


def _pod(container: Object | None = None, *, conditions: dict[str, Object] | None = None, **status: Any) -> Object:
    """A pod as the API shows it, with one container whose status is given."""
    return {
        "metadata": {"name": "cart-1", "ownerReferences": [{"uid": "set"}]},
        "status": {
            "phase": "Pending",
            "conditions": [{"type": kind} | condition for kind, condition in (conditions or {}).items()],
            "containerStatuses": [{"name": "main", "image": "cart:2", "restartCount": 0} | container]
            if container
            else [],
        }
        | status,
    }


def _waiting(reason: str, message: str = "", **status: Any) -> Object:
    return _pod({"state": {"waiting": {"reason": reason, "message": message}}} | status)


def _crashed(restarts: int, *, exit_code: int = 1) -> Object:
    ended = {"terminated": {"exitCode": exit_code, "reason": "Error"}}
    return _waiting("CrashLoopBackOff", "back-off 20s", restartCount=restarts, lastState=ended)


UNSCHEDULABLE = _pod(
    conditions={
        "PodScheduled": {"status": "False", "reason": "Unschedulable", "message": "0/1 nodes: Insufficient cpu"}
    }
)
READY = _pod({"state": {"running": {}}}, conditions={"Ready": {"status": "True"}}, phase="Running")
UNREADY = _pod({"state": {"running": {}}}, conditions={"Ready": {"status": "False"}}, phase="Running")


@pytest.mark.parametrize(
    ("pod", "state"),
    [
        (UNSCHEDULABLE, "Unschedulable"),
        (_waiting("ContainerCreating"), "ContainerCreating"),
        (_pod({"state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}), "OOMKilled (exit code 137)"),
        (UNREADY, "not ready"),
        (_pod(), "Pending"),
    ],
)
def test_what_a_pod_is_busy_with_is_said_in_a_word(pod: Object, state: str) -> None:
    assert state_of(pod) == state


def test_a_pod_that_ends_is_terminating_whatever_its_containers_do() -> None:
    ending = READY | {"metadata": {"name": "cart-1", "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    assert state_of(ending) == "Terminating"
    assert troubles(ending) == []


def test_a_ready_pod_has_no_troubles_even_if_it_crashed_before() -> None:
    recovered = _crashed(restarts=9)
    recovered["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    assert ready(recovered)
    assert troubles(recovered) == []


@pytest.mark.parametrize("reason", ["ErrImageNeverPull", "InvalidImageName"])
def test_an_image_that_can_never_come_is_final_at_once_and_named(reason: str) -> None:
    (trouble,) = troubles(_waiting(reason, "no such thing"))
    assert trouble.patience == 0
    assert trouble.message == f"pod cart-1, container main: {reason}: no such thing (image cart:2)"


def test_an_image_that_cannot_be_pulled_is_one_trouble_from_its_first_failure_through_all_retries() -> None:
    first, retry = (troubles(_waiting(reason))[0] for reason in ("ErrImagePull", "ImagePullBackOff"))
    assert first.topic == retry.topic
    assert 0 < first.patience < 60


def test_a_container_that_lacks_its_configuration_is_given_a_moment() -> None:
    (trouble,) = troubles(_waiting("CreateContainerConfigError", 'configmap "settings" not found'))
    assert 'configmap "settings" not found' in trouble.message
    assert 0 < trouble.patience < 60


def test_a_container_may_crash_a_few_times_while_what_it_needs_starts() -> None:
    assert troubles(_crashed(restarts=1))[0].patience == math.inf
    assert troubles(_crashed(restarts=3))[0].patience == 0


def test_the_last_words_of_a_crashed_container_are_in_the_log_of_its_previous_run() -> None:
    (trouble,) = troubles(_crashed(restarts=3, exit_code=2))
    assert (trouble.pod, trouble.container, trouble.previous) == ("cart-1", "main", True)
    assert "exit code 2" in trouble.message


def test_no_room_for_a_pod_is_told_but_not_final_since_a_node_may_come() -> None:
    (trouble,) = troubles(UNSCHEDULABLE)
    assert "Insufficient cpu" in trouble.message
    assert trouble.patience == math.inf


def test_a_pod_of_its_own_that_failed_stays_so() -> None:
    failed = _pod(phase="Failed", message="deadline exceeded")
    assert troubles(failed) == []
    del failed["metadata"]["ownerReferences"]
    assert [(trouble.message, trouble.patience) for trouble in troubles(failed)] == [
        ("pod cart-1 has failed: deadline exceeded", 0)
    ]


def test_the_worst_trouble_comes_first() -> None:
    pod = _crashed(restarts=1)
    pod["status"]["containerStatuses"].append(
        {"name": "proxy", "image": "x", "state": {"waiting": {"reason": "ErrImageNeverPull"}}}
    )
    assert [trouble.container or "proxy" for trouble in troubles(pod)] == ["proxy", "main"]
