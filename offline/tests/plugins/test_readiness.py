import copy
from typing import Any

import pytest

from boutique_offline.plugins.kubernetes.readiness import READINESS, Progress

Object = dict[str, Any]
REVISION = "deployment.kubernetes.io/revision"


def _judge(manifest: Object, **others: list[Object]) -> Progress:
    group = manifest["apiVersion"].rpartition("/")[0]
    return READINESS[group, manifest["kind"]].judge(manifest, others)


def _workload(kind: str, spec: Object, status: Object, *, api_version: str = "apps/v1", **metadata: Any) -> Object:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "cart", "uid": "workload", "generation": 2, "annotations": {}} | metadata,
        "spec": spec,
        "status": {"observedGeneration": 2} | status,
    }


def _pod(name: str, owner: str, *, is_ready: bool, labels: Object | None = None) -> Object:
    status: Object = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True" if is_ready else "False"}]}
    if not is_ready:
        waiting = {"reason": "ImagePullBackOff"}
        status["containerStatuses"] = [{"name": "main", "image": "cart:2", "state": {"waiting": waiting}}]
    metadata = {"name": name, "ownerReferences": [{"uid": owner}], "labels": labels or {}}
    return {"metadata": metadata, "status": status}


def _replica_set(revision: str) -> Object:
    metadata = {"uid": f"set-{revision}", "ownerReferences": [{"uid": "workload"}], "annotations": {REVISION: revision}}
    return {"metadata": metadata}


@pytest.fixture
def deployment() -> Object:
    status = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
    return _workload("Deployment", {"replicas": 2}, status, annotations={REVISION: "2"})


@pytest.fixture
def others() -> dict[str, list[Object]]:
    return {
        "ReplicaSet": [_replica_set("1"), _replica_set("2")],
        "Pod": [_pod("cart-2a", "set-2", is_ready=True), _pod("cart-2b", "set-2", is_ready=True)],
    }


def test_a_deployment_is_ready_when_all_new_replicas_are_and_the_old_ones_are_gone(
    deployment: Object, others: dict[str, list[Object]]
) -> None:
    assert _judge(deployment, **others).done
    deployment["status"] |= {"replicas": 3}
    assert str(_judge(deployment, **others)) == "[2/2] Waiting for 1 old replicas of Deployment cart to end"


def test_a_deployment_that_serves_with_old_pods_is_not_ready_and_only_the_new_ones_are_its_trouble(
    deployment: Object, others: dict[str, list[Object]]
) -> None:
    deployment["status"] = {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 1, "availableReplicas": 2}
    others["Pod"] = [
        _pod("cart-1a", "set-1", is_ready=True),
        _pod("cart-1b", "set-1", is_ready=False),
        _pod("cart-2a", "set-2", is_ready=False),
    ]
    progress = _judge(deployment, **others)
    assert str(progress) == ("[1/2] Waiting for 2 of 2 replicas of Deployment cart: pod cart-2a is ImagePullBackOff")
    assert [trouble.topic for trouble in progress.troubles] == ["pod cart-2a container main"]


def test_before_the_controller_sees_a_change_what_is_wrong_with_the_old_pods_does_not_count(
    deployment: Object, others: dict[str, list[Object]]
) -> None:
    others["Pod"] = [_pod("cart-2a", "set-2", is_ready=False)]
    assert _judge(deployment, **others).troubles
    deployment["metadata"]["generation"] = 3
    progress = _judge(deployment, **others)
    assert "the controller" in progress.waiting_for
    assert progress.troubles == []


def test_a_deployment_that_is_paused_or_scaled_to_none_is_ready(deployment: Object) -> None:
    assert _judge(deployment | {"spec": {"replicas": 2, "paused": True}}).done
    none = _workload("Deployment", {"replicas": 0}, {"replicas": 0})
    assert _judge(none, Pod=[], ReplicaSet=[]).done


def test_a_passed_deadline_and_a_refusal_to_make_pods_are_troubles(
    deployment: Object, others: dict[str, list[Object]]
) -> None:
    deployment["status"] |= {
        "availableReplicas": 0,
        "conditions": [
            {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "too late"},
            {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: pods"},
        ],
    }
    found = {trouble.message: trouble.patience for trouble in _judge(deployment, **others).troubles}
    assert 0 < found["too late"] < 60
    assert 0 < found["no pod can be made: exceeded quota: pods"] < 60


def _stateful_set(**status: Any) -> Object:
    return _workload("StatefulSet", {"replicas": 2}, {"updateRevision": "b"} | status)


@pytest.mark.parametrize(
    ("status", "waiting_for"),
    [
        ({"readyReplicas": 2, "updatedReplicas": 2}, ""),
        ({"readyReplicas": 1, "updatedReplicas": 2}, "1 of 2 replicas of StatefulSet cart"),
        ({"readyReplicas": 2, "updatedReplicas": 1}, "1 old replicas of StatefulSet cart to be replaced"),
    ],
)
def test_a_stateful_set_is_ready_when_all_its_replicas_are_and_are_new(status: Object, waiting_for: str) -> None:
    assert _judge(_stateful_set(**status), Pod=[], Event=[]).waiting_for == waiting_for


def test_a_partition_holds_back_replicas_on_purpose() -> None:
    stateful_set = _stateful_set(readyReplicas=2, updatedReplicas=1)
    stateful_set["spec"]["updateStrategy"] = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    assert _judge(stateful_set, Pod=[], Event=[]).done


def test_a_stateful_set_learns_from_events_that_its_pods_are_refused_and_forgets_it_once_they_are_there() -> None:
    events = [
        {"reason": "FailedCreate", "message": "older", "lastTimestamp": "2026-01-01T00:00:00Z"},
        {"reason": "FailedCreate", "message": "violates PodSecurity", "lastTimestamp": "2026-01-01T00:00:01Z"},
    ]
    (trouble,) = _judge(_stateful_set(replicas=0), Pod=[], Event=events).troubles
    assert trouble.message == "no pod can be made: violates PodSecurity"
    assert _judge(_stateful_set(replicas=2), Pod=[], Event=events).troubles == []


def test_a_daemon_set_is_ready_when_every_node_has_a_new_pod() -> None:
    status = {"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 3}
    assert _judge(_workload("DaemonSet", {}, status), Pod=[], Event=[]).done
    for lacking in ("updatedNumberScheduled", "numberAvailable"):
        progress = _judge(_workload("DaemonSet", {}, status | {lacking: 1}), Pod=[], Event=[])
        assert progress.waiting_for == "2 of 3 pods of DaemonSet cart"


def test_a_job_is_ready_once_it_is_complete_and_tells_the_pod_that_failed_last() -> None:
    job = _workload("Job", {}, {}, api_version="batch/v1")
    pods = [_pod(f"load-{number}", "workload", is_ready=True) for number in (1, 2)]
    for number, pod in enumerate(pods):
        pod["metadata"]["creationTimestamp"] = f"2026-01-01T00:00:0{number}Z"
    assert not _judge(job, Pod=pods, Event=[]).done
    failed = copy.deepcopy(job)
    failed["status"]["conditions"] = [
        {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "limit reached"}
    ]
    (trouble,) = _judge(failed, Pod=pods, Event=[]).troubles
    assert (trouble.message, trouble.pod, trouble.patience) == ("BackoffLimitExceeded: limit reached", "load-2", 0)
    job["status"]["conditions"] = [{"type": "Complete", "status": "True"}]
    assert _judge(job, Pod=pods, Event=[]).done


def _service(**spec: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "cart"},
        "spec": {"selector": {"a": "b"}} | spec,
    }


def _slice(*ready_endpoints: bool) -> Object:
    return {"endpoints": [{"conditions": {"ready": is_ready}} for is_ready in ready_endpoints]}


@pytest.mark.parametrize(
    ("slices", "done"),
    [([], False), ([_slice()], True), ([_slice(False)], False), ([_slice(False), _slice(True)], True)],
)
def test_a_service_waits_for_one_of_the_pods_that_it_has_but_not_for_pods_to_be_made(
    slices: list[Object], done: bool
) -> None:
    assert _judge(_service(), EndpointSlice=slices).done is done


def test_a_service_that_selects_nothing_waits_for_nothing() -> None:
    assert _judge(_service(selector=None, type="ExternalName"), EndpointSlice=[]).done


def test_a_load_balancer_is_ready_once_it_has_an_address() -> None:
    service = _service(type="LoadBalancer")
    assert "load balancer" in _judge(service, EndpointSlice=[_slice(True)]).waiting_for
    service["status"] = {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}
    assert _judge(service, EndpointSlice=[_slice(True)]).done


@pytest.mark.parametrize(
    ("phase", "binding", "done"),
    [
        ("Bound", "Immediate", True),
        ("Pending", "Immediate", False),
        ("Pending", "WaitForFirstConsumer", True),
        ("Lost", "WaitForFirstConsumer", False),
    ],
)
def test_a_claim_waits_for_its_volume_unless_that_waits_for_a_pod(phase: str, binding: str, done: bool) -> None:
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": {}}
    judged = _judge(claim | {"status": {"phase": phase}}, StorageClass=[{"volumeBindingMode": binding}])
    assert judged.done is done


def test_a_definition_is_ready_once_it_is_established() -> None:
    definition = {
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets"},
        "apiVersion": "apiextensions.k8s.io/v1",
    }
    refused = {"type": "Established", "status": "False", "message": "the name is taken"}
    assert "the name is taken" in _judge(definition | {"status": {"conditions": [refused]}}).waiting_for
    assert _judge(definition | {"status": {"conditions": [refused | {"status": "True"}]}}).done


def test_pods_are_found_by_labels_and_by_expressions() -> None:
    selector = {
        "matchLabels": {"app": "cart"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["a", "b"]},
            {"key": "canary", "operator": "DoesNotExist"},
        ],
    }
    related = READINESS["apps", "Deployment"].related(_workload("Deployment", {"selector": selector}, {}))
    assert {one.kind for one in related} == {"Pod", "ReplicaSet"}
    assert {one.query["labelSelector"] for one in related} == {"app=cart,tier in (a,b),!canary"}
