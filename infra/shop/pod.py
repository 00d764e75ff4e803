"""The pods of a service and of its migration. They meet the Pod Security Standard "restricted"."""

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    EnvFromSourceArgsDict,
    PodTemplateSpecArgsDict,
    ProbeArgsDict,
    TopologySpreadConstraintArgsDict,
    VolumeArgsDict,
    VolumeMountArgsDict,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from boutique_definition.service_file import ServiceFile, package_name
from infra.shop import labels
from infra.shop.stores import CA_DIRECTORY

DRAIN_SECONDS = 20
"""The time for calls in progress when the process is asked to stop."""

_ENDPOINT_SECONDS = 3
"""The time for which a stopping pod still takes calls: until every client has learned that it is leaving."""

_CLOSING_SECONDS = 15
"""The time to close pools and queues after the last call."""

_USER = 65532


@dataclass(frozen=True)
class Configuration:
    """The configuration of the pods of a service and of its migration.

    Args:
        environment: The sources of environment variables.
        authorities: The name of a ConfigMap with the files for CA_DIRECTORY, if there are any.
        fingerprint: Changes with the configuration, so that a change replaces the pods.
    """

    environment: list[EnvFromSourceArgsDict]
    authorities: str | None
    fingerprint: pulumi.Input[str]


def service_pod(name: str, service: ServiceFile, image: str, configuration: Configuration) -> PodTemplateSpecArgsDict:
    """Returns the pods of a service: probed, spread over zones and nodes, and drained before they stop."""
    container = _container(name, service, image, configuration)
    if service.port is not None:
        container["ports"] = [{"name": service.protocol, "container_port": service.port}]
        container["startup_probe"] = _probe(service, period_seconds=1, failure_threshold=300)
        container["readiness_probe"] = _probe(service, period_seconds=5, failure_threshold=2)
        container["liveness_probe"] = _probe(service, period_seconds=10, failure_threshold=3)
        container["lifecycle"] = {"pre_stop": {"sleep": {"seconds": _ENDPOINT_SECONDS}}}
    spec = _pod(name, container, configuration)
    spec["termination_grace_period_seconds"] = _ENDPOINT_SECONDS + DRAIN_SECONDS + _CLOSING_SECONDS
    spec["topology_spread_constraints"] = [
        _spread(name, "topology.kubernetes.io/zone"),
        _spread(name, "kubernetes.io/hostname"),
    ]
    return {"metadata": _metadata(name, service, configuration), "spec": spec}


def migration_pod(name: str, service: ServiceFile, image: str, configuration: Configuration) -> PodTemplateSpecArgsDict:
    """Returns the pod that prepares the service's stores. It has the configuration of the service."""
    container = _container(labels.migration(name), service, image, configuration)
    container["command"] = ["python3", "-m", f"{package_name(name)}.migration"]
    spec = _pod(name, container, configuration)
    spec["restart_policy"] = "Never"
    return {"metadata": _metadata(labels.migration(name), service, configuration), "spec": spec}


def _metadata(name: str, service: ServiceFile, configuration: Configuration) -> ObjectMetaArgsDict:
    client_labels: dict[str, str] = {}
    for store in service.stores:
        client_labels |= labels.store_client(store)
    return {
        "labels": {**labels.selector(name), **client_labels},
        "annotations": {"boutique.dev/configuration": configuration.fingerprint},
    }


def _pod(service_account: str, container: ContainerArgsDict, configuration: Configuration) -> dict[str, Any]:
    volumes: list[VolumeArgsDict] = [{"name": "scratch", "empty_dir": {"size_limit": "16Mi"}}]
    if configuration.authorities:
        volumes.append({"name": "authorities", "config_map": {"name": configuration.authorities}})
    return {
        "service_account_name": service_account,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "security_context": {
            "run_as_non_root": True,
            "run_as_user": _USER,
            "run_as_group": _USER,
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": volumes,
    }


def _container(name: str, service: ServiceFile, image: str, configuration: Configuration) -> dict[str, Any]:
    mounts: list[VolumeMountArgsDict] = [{"name": "scratch", "mount_path": "/tmp"}]  # noqa: S108 (the pod's own)
    if configuration.authorities:
        mounts.append({"name": "authorities", "mount_path": CA_DIRECTORY, "read_only": True})
    return {
        "name": name,
        "image": image,
        "image_pull_policy": "IfNotPresent",
        "env_from": configuration.environment,
        "resources": {
            "requests": {"cpu": service.size.cpu, "memory": service.size.memory},
            # No CPU limit: it would throttle a service at its start and in a burst while cores are idle.
            "limits": {"memory": service.size.memory},
        },
        "security_context": {
            "allow_privilege_escalation": False,
            "read_only_root_filesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volume_mounts": mounts,
    }


def _probe(service: ServiceFile, *, period_seconds: int, failure_threshold: int) -> ProbeArgsDict:
    probe: dict[str, Any] = {
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
