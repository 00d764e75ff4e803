"""The pod of a service: restricted, probed, drained before it stops."""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    EnvFromSourceArgsDict,
    PodSpecArgsDict,
    PodTemplateSpecArgsDict,
    ProbeArgsDict,
    TopologySpreadConstraintArgsDict,
)

from boutique_definition.service_file import ServiceFile
from infra.shop import labels

DRAIN_SECONDS = 20
"""For calls under way when the process is told to stop."""

_ENDPOINT_SECONDS = 3
"""How long a stopping pod still takes calls: until every client has heard that it is leaving."""

_CLOSING_SECONDS = 15
"""For what is closed after the last call: pools, queues."""

_USER = 65532


def pod_template(
    name: str,
    service: ServiceFile,
    image: str,
    environment: list[EnvFromSourceArgsDict],
    fingerprint: pulumi.Input[str],
) -> PodTemplateSpecArgsDict:
    """`fingerprint` changes with the configuration, so that pods are replaced by ones that have it."""
    client_labels: Mapping[str, str] = {}
    for store in service.stores:
        client_labels = {**client_labels, **labels.store_client(store)}
    spec: PodSpecArgsDict = {
        "service_account_name": name,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "termination_grace_period_seconds": _ENDPOINT_SECONDS + DRAIN_SECONDS + _CLOSING_SECONDS,
        "security_context": {
            "run_as_non_root": True,
            "run_as_user": _USER,
            "run_as_group": _USER,
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        "topology_spread_constraints": [
            _spread(name, "topology.kubernetes.io/zone"),
            _spread(name, "kubernetes.io/hostname"),
        ],
        "containers": [_container(name, service, image, environment)],
        "volumes": [{"name": "scratch", "empty_dir": {"size_limit": "16Mi"}}],
    }
    return {
        "metadata": {
            "labels": {**labels.selector(name), **client_labels},
            "annotations": {"boutique.dev/configuration": fingerprint},
        },
        "spec": spec,
    }


def _container(
    name: str, service: ServiceFile, image: str, environment: list[EnvFromSourceArgsDict]
) -> ContainerArgsDict:
    container: ContainerArgsDict = {
        "name": name,
        "image": image,
        "image_pull_policy": "IfNotPresent",
        "env_from": environment,
        "resources": {
            "requests": {"cpu": service.size.cpu, "memory": service.size.memory},
            # No limit of CPU: it would throttle a service at its start and in a burst while cores are idle.
            "limits": {"memory": service.size.memory},
        },
        "security_context": {
            "allow_privilege_escalation": False,
            "read_only_root_filesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volume_mounts": [{"name": "scratch", "mount_path": "/tmp"}],  # noqa: S108 (the pod's own)
    }
    if service.port is not None:
        container["ports"] = [{"name": service.protocol, "container_port": service.port}]
        container["startup_probe"] = _probe(service, period_seconds=1, failure_threshold=300)
        container["readiness_probe"] = _probe(service, period_seconds=5, failure_threshold=2)
        container["liveness_probe"] = _probe(service, period_seconds=10, failure_threshold=3)
        container["lifecycle"] = {"pre_stop": {"sleep": {"seconds": _ENDPOINT_SECONDS}}}
    return container


def _probe(service: ServiceFile, *, period_seconds: int, failure_threshold: int) -> ProbeArgsDict:
    probe: ProbeArgsDict = {
        "period_seconds": period_seconds,
        "failure_threshold": failure_threshold,
        "timeout_seconds": 3,
    }
    if service.protocol == "grpc" and service.port is not None:
        probe["grpc"] = {"port": service.port}
    else:
        probe["http_get"] = {"path": "/_healthz", "port": service.protocol}
    return probe


def _spread(name: str, over: str) -> TopologySpreadConstraintArgsDict:
    return {
        "max_skew": 1,
        "topology_key": over,
        "when_unsatisfiable": "ScheduleAnyway",
        "label_selector": {"match_labels": labels.selector(name)},
    }
