"""When an object of a kind is ready, what it still waits for, and what keeps it from ever getting there.

The one place that knows of single kinds. Each function is pure: it takes an object and what is related to it, as
the API shows them, and says how far it has come. A kind that is not in `READINESS` is ready once it is created.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from boutique_offline.plugins.kubernetes.api import Object
from boutique_offline.plugins.kubernetes.pods import Trouble, ready, state_of, troubles

SETTLE_SECONDS: Final = 20
"""How long a controller's complaint must last to count: a quota may free up, an account appear."""


@dataclass(frozen=True)
class Related:
    """Objects that tell how another one fares: a kind, and a query of the API for them."""

    api_version: str
    kind: str
    query: dict[str, str]


@dataclass(frozen=True)
class Progress:
    """How far an object has come: `waiting_for` is empty once it is ready."""

    waiting_for: str = ""
    step: int = 1
    steps: int = 1
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return not self.waiting_for

    def __str__(self) -> str:
        return f"[{self.step}/{self.steps}] Waiting for {self.waiting_for}"


Others = dict[str, list[Object]]
"""Related objects by kind."""


@dataclass(frozen=True)
class Readiness:
    """How to judge objects of a kind."""

    judge: Callable[[Object, Others], Progress]
    related: Callable[[Object], list[Related]] = lambda _: []


READY: Final = Progress()


def _deployment(deployment: Object, others: Others) -> Progress:
    spec, status = deployment["spec"], deployment.get("status") or {}
    if spec.get("paused"):
        return READY
    wanted = spec.get("replicas", 1)
    name = f"Deployment {deployment['metadata']['name']}"
    pods = _of_current_replica_set(deployment, others)
    if not _observed(deployment):
        # Until then the pods that there are may be those of the revision that this one replaces.
        return Progress(f"the controller to see {name}", steps=2)
    found = [*_pod_troubles(pods), *_deployment_troubles(deployment)]
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    new = min(updated, available, _count_ready(pods)) if pods else 0
    if new < wanted or available < wanted:
        return Progress(f"{wanted - new} of {wanted} replicas of {name}{_unready(pods)}", steps=2, troubles=found)
    if status.get("replicas", 0) > updated:
        return Progress(f"{status['replicas'] - updated} old replicas of {name} to end", step=2, steps=2)
    return READY


def _deployment_troubles(deployment: Object) -> list[Trouble]:
    failure = _condition(deployment, "ReplicaFailure")
    progressing = _condition(deployment, "Progressing")
    found = []
    if failure.get("status") == "True":
        found.append(Trouble("replicas", f"no pod can be made: {failure.get('message')}", SETTLE_SECONDS))
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        # That of a rollout before may stay for a moment when this one goes back to replicas that are there.
        found.append(Trouble("deadline", str(progressing.get("message")), SETTLE_SECONDS))
    return found


def _of_current_replica_set(deployment: Object, others: Others) -> list[Object]:
    """The pods of the revision that is being rolled out, not those that still serve."""
    revision = _annotation(deployment, "deployment.kubernetes.io/revision")
    current = [
        replica_set
        for replica_set in _owned(deployment, others.get("ReplicaSet", []))
        if _annotation(replica_set, "deployment.kubernetes.io/revision") == revision
    ]
    return [pod for replica_set in current for pod in _owned(replica_set, others.get("Pod", []))]


def _stateful_set(stateful_set: Object, others: Others) -> Progress:
    spec, status = stateful_set["spec"], stateful_set.get("status") or {}
    wanted = spec.get("replicas", 1)
    name = f"StatefulSet {stateful_set['metadata']['name']}"
    pods = _of_revision(stateful_set, others, status.get("updateRevision"))
    if not _observed(stateful_set):
        return Progress(f"the controller to see {name}", steps=2)
    found = [*_pod_troubles(pods), *_refusals_to_make_pods(others, status.get("replicas", 0) < wanted)]
    if (count := status.get("readyReplicas", 0)) < wanted:
        return Progress(f"{wanted - count} of {wanted} replicas of {name}{_unready(pods)}", steps=2, troubles=found)
    strategy = spec.get("updateStrategy") or {}
    to_update = wanted - ((strategy.get("rollingUpdate") or {}).get("partition") or 0)
    old = to_update - status.get("updatedReplicas", 0)
    if strategy.get("type") != "OnDelete" and old > 0:
        return Progress(f"{old} old replicas of {name} to be replaced{_unready(pods)}", step=2, steps=2, troubles=found)
    return READY


def _daemon_set(daemon_set: Object, others: Others) -> Progress:
    spec, status = daemon_set["spec"], daemon_set.get("status") or {}
    wanted = status.get("desiredNumberScheduled", 0)
    name = f"DaemonSet {daemon_set['metadata']['name']}"
    generation = _annotation(daemon_set, "deprecated.daemonset.template.generation")
    pods = [
        pod
        for pod in _owned(daemon_set, others.get("Pod", []))
        if pod["metadata"].get("labels", {}).get("pod-template-generation") == generation
    ]
    if not _observed(daemon_set):
        return Progress(f"the controller to see {name}")
    found = [*_pod_troubles(pods), *_refusals_to_make_pods(others, status.get("currentNumberScheduled", 0) < wanted)]
    updating = (spec.get("updateStrategy") or {}).get("type") != "OnDelete"
    count = min(status.get("numberAvailable", 0), status.get("updatedNumberScheduled", 0) if updating else wanted)
    if count < wanted:
        return Progress(f"{wanted - count} of {wanted} pods of {name}{_unready(pods)}", troubles=found)
    return READY


def _replica_set(replica_set: Object, others: Others) -> Progress:
    wanted = replica_set["spec"].get("replicas", 1)
    count = (replica_set.get("status") or {}).get("readyReplicas", 0)
    if count >= wanted and _observed(replica_set):
        return READY
    pods = _owned(replica_set, others.get("Pod", []))
    name = f"{replica_set['kind']} {replica_set['metadata']['name']}"
    found = [*_pod_troubles(pods), *_refusals_to_make_pods(others, len(pods) < wanted)]
    return Progress(f"{wanted - count} of {wanted} replicas of {name}{_unready(pods)}", troubles=found)


def _job(job: Object, others: Others) -> Progress:
    if job["spec"].get("suspend") or _condition(job, "Complete").get("status") == "True":
        return READY
    pods = _owned(job, others.get("Pod", []))
    found = [*_pod_troubles(pods), *_refusals_to_make_pods(others, not pods)]
    failed = _condition(job, "Failed")
    if failed.get("status") == "True":
        last = max(pods, key=lambda pod: pod["metadata"]["creationTimestamp"], default=None)
        reason = f"{failed.get('reason')}: {failed.get('message')}"
        found.append(Trouble("job", reason, 0, pod=last["metadata"]["name"] if last else None))
    return Progress(f"Job {job['metadata']['name']} to complete{_unready(pods)}", troubles=found)


def _pod(pod: Object, _: Others) -> Progress:
    if ready(pod) or (pod.get("status") or {}).get("phase") == "Succeeded":
        return READY
    return Progress(f"pod {pod['metadata']['name']}, which is {state_of(pod)}", troubles=troubles(pod))


def _service(service: Object, others: Others) -> Progress:
    spec = service["spec"]
    name = f"Service {service['metadata']['name']}"
    slices = others.get("EndpointSlice", [])
    endpoints = [endpoint for part in slices for endpoint in part.get("endpoints") or []]
    if spec.get("selector") and not slices:
        return Progress(f"the controller to look for pods of {name}", steps=2)
    # No endpoint at all is no reason to wait: what is selected may be made after the Service, or be scaled to none.
    if spec.get("selector") and endpoints and not any(_serving(endpoint) for endpoint in endpoints):
        return Progress(f"a pod of {name} to become ready", steps=2)
    balancer = (service.get("status") or {}).get("loadBalancer") or {}
    if spec.get("type") == "LoadBalancer" and not balancer.get("ingress"):
        return Progress(f"an address of the load balancer of {name}", step=2, steps=2)
    return READY


def _serving(endpoint: Object) -> bool:
    return bool((endpoint.get("conditions") or {}).get("ready", True))


def _ingress(ingress: Object, _: Others) -> Progress:
    balancer = (ingress.get("status") or {}).get("loadBalancer") or {}
    if balancer.get("ingress"):
        return READY
    return Progress(f"an address of Ingress {ingress['metadata']['name']} (does an ingress controller run?)")


def _claim(claim: Object, others: Others) -> Progress:
    phase = (claim.get("status") or {}).get("phase")
    late = any(storage.get("volumeBindingMode") == "WaitForFirstConsumer" for storage in others.get("StorageClass", []))
    if phase == "Bound" or (late and phase == "Pending"):
        return READY
    return Progress(f"PersistentVolumeClaim {claim['metadata']['name']} to be bound")


def _storage_class_of(claim: Object) -> list[Related]:
    name = claim["spec"].get("storageClassName")
    return [Related("storage.k8s.io/v1", "StorageClass", {"fieldSelector": f"metadata.name={name}"})] if name else []


def _in_phase(*phases: str) -> Callable[[Object, Others], Progress]:
    def judge(manifest: Object, _: Others) -> Progress:
        if (manifest.get("status") or {}).get("phase") in phases:
            return READY
        return Progress(f"{manifest['kind']} {manifest['metadata']['name']} to be {' or '.join(phases)}")

    return judge


def _with_condition(kind: str) -> Callable[[Object, Others], Progress]:
    def judge(manifest: Object, _: Others) -> Progress:
        condition = _condition(manifest, kind)
        if condition.get("status") == "True":
            return READY
        because = f" ({condition['message']})" if condition.get("message") else ""
        return Progress(f"{manifest['kind']} {manifest['metadata']['name']} to be {kind}{because}")

    return judge


def _pods_selected(workload: Object) -> list[Related]:
    selector = workload["spec"].get("selector") or {}
    # A ReplicationController's selector is the labels themselves.
    labels = selector.get("matchLabels", {}) if selector.keys() & {"matchLabels", "matchExpressions"} else selector
    terms = [f"{key}={value}" for key, value in labels.items()]
    for expression in selector.get("matchExpressions") or []:
        key, values = expression["key"], ",".join(expression.get("values") or [])
        terms.append(
            {
                "In": f"{key} in ({values})",
                "NotIn": f"{key} notin ({values})",
                "Exists": key,
                "DoesNotExist": f"!{key}",
            }[expression["operator"]]
        )
    return [Related("v1", "Pod", {"labelSelector": ",".join(terms)})]


def _pods_and_events(workload: Object) -> list[Related]:
    uid = workload["metadata"]["uid"]
    events = Related("v1", "Event", {"fieldSelector": f"involvedObject.uid={uid},type=Warning"})
    return [*_pods_selected(workload), events]


def _pods_and_replica_sets(deployment: Object) -> list[Related]:
    pods = _pods_selected(deployment)
    return [*pods, Related("apps/v1", "ReplicaSet", pods[0].query)]


def _endpoints_of(service: Object) -> list[Related]:
    selector = {"labelSelector": f"kubernetes.io/service-name={service['metadata']['name']}"}
    return [Related("discovery.k8s.io/v1", "EndpointSlice", selector)]


def _pod_troubles(pods: list[Object]) -> list[Trouble]:
    return [trouble for pod in pods for trouble in troubles(pod)]


def _refusals_to_make_pods(others: Others, lacking: bool) -> list[Trouble]:
    """Controllers other than that of Deployments say only in events that quota or admission refuse their pods."""
    events = [event for event in others.get("Event", []) if lacking and event.get("reason") == "FailedCreate"]
    latest = max(events, key=lambda event: str(event.get("lastTimestamp")), default=None)
    return [Trouble("replicas", f"no pod can be made: {latest['message']}", SETTLE_SECONDS)] if latest else []


def _unready(pods: list[Object]) -> str:
    waiting = sorted((pod for pod in pods if not ready(pod)), key=lambda pod: str(pod["metadata"]["name"]))
    return "".join(f": pod {pod['metadata']['name']} is {state_of(pod)}" for pod in waiting[:1])


def _count_ready(pods: list[Object]) -> int:
    return sum(ready(pod) for pod in pods)


def _of_revision(owner: Object, others: Others, revision: Any) -> list[Object]:
    return [
        pod
        for pod in _owned(owner, others.get("Pod", []))
        if pod["metadata"].get("labels", {}).get("controller-revision-hash") == revision
    ]


def _owned(owner: Object, candidates: list[Object]) -> list[Object]:
    uid = owner["metadata"]["uid"]
    return [
        candidate
        for candidate in candidates
        if any(reference["uid"] == uid for reference in candidate["metadata"].get("ownerReferences") or [])
    ]


def _observed(manifest: Object) -> bool:
    observed = (manifest.get("status") or {}).get("observedGeneration", 0)
    return bool(observed >= manifest["metadata"].get("generation", 0))


def _annotation(manifest: Object, name: str) -> str | None:
    value: str | None = (manifest["metadata"].get("annotations") or {}).get(name)
    return value


def _condition(manifest: Object, kind: str) -> Object:
    conditions = (manifest.get("status") or {}).get("conditions") or []
    return next((condition for condition in conditions if condition.get("type") == kind), {})


READINESS: Final[dict[tuple[str, str], Readiness]] = {
    ("apps", "Deployment"): Readiness(_deployment, _pods_and_replica_sets),
    ("apps", "StatefulSet"): Readiness(_stateful_set, _pods_and_events),
    ("apps", "DaemonSet"): Readiness(_daemon_set, _pods_and_events),
    ("apps", "ReplicaSet"): Readiness(_replica_set, _pods_and_events),
    ("", "ReplicationController"): Readiness(_replica_set, _pods_and_events),
    ("batch", "Job"): Readiness(_job, _pods_and_events),
    ("", "Pod"): Readiness(_pod),
    ("", "Service"): Readiness(_service, _endpoints_of),
    ("", "Namespace"): Readiness(_in_phase("Active")),
    ("", "PersistentVolume"): Readiness(_in_phase("Available", "Bound")),
    ("", "PersistentVolumeClaim"): Readiness(_claim, _storage_class_of),
    ("networking.k8s.io", "Ingress"): Readiness(_ingress),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): Readiness(_with_condition("Established")),
    ("apiregistration.k8s.io", "APIService"): Readiness(_with_condition("Available")),
}


def is_ready(group: str, kind: str, live: Object) -> bool:
    """Whether the object is ready, as far as it tells itself."""
    readiness = READINESS.get((group, kind))
    return readiness is None or readiness.judge(live, {}).done
