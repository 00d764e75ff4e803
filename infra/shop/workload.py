"""A service of the shop as Kubernetes objects."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from pulumi_kubernetes.batch.v1 import Job
from pulumi_kubernetes.core.v1 import ConfigMap, EnvFromSourceArgsDict, Secret, Service, ServiceAccount
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget
from pulumi_random import RandomPassword

from boutique_definition.service_file import Scaling, ServiceFile
from boutique_definition.wiring import service_variables
from infra.config.shop import ServiceOverride
from infra.shop import labels
from infra.shop.exposure import Exposure
from infra.shop.migration import create_migration
from infra.shop.network_policies import migration_policy, service_policy
from infra.shop.pod import DRAIN_SECONDS, Configuration, service_pod
from infra.shop.stores import CA_DIRECTORY, ReachableStore, ca_certificates

_HTTP_PORT = 80
_ROLLOUT_TIMEOUT = "4m"
"""Longer than the progress deadline, which Pulumi itself ignores. Its default is 10 minutes."""


@dataclass(frozen=True)
class WorkloadArgs:
    """The arguments of a workload.

    Args:
        file: The service's own file.
        calls: The services that it calls.
        callers: The names of the services that call it.
        stores: The stores that it needs, by name.
        override: The stack's settings for the service.
        exposure: How the service is reached from outside the cluster, if it is external.
    """

    namespace: pulumi.Input[str]
    file: ServiceFile
    calls: Mapping[str, ServiceFile]
    callers: Sequence[str]
    stores: Mapping[str, ReachableStore]
    image: str
    override: ServiceOverride
    exposure: Exposure | None


class Workload(pulumi.ComponentResource):
    """A service's Deployment, and all objects that belong to it.

    Attributes:
        deployment: The Deployment.
        service: The Service, unless the service serves nothing.
    """

    deployment: Deployment
    service: Service | None

    def __init__(self, name: str, args: WorkloadArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:shop:Workload", name, None, opts)
        self._name, self._args, self._file = name, args, args.file
        self._child = pulumi.ResourceOptions(parent=self)
        replicas = args.file.replicas if args.override.replicas is None else args.override.replicas

        policy = service_policy(name, args.file, args.calls, args.callers, args.stores)
        metadata = self._metadata(name)
        required: list[pulumi.Resource] = [
            ServiceAccount(name, metadata=metadata, automount_service_account_token=False, opts=self._child),
            NetworkPolicy(name, metadata=metadata, spec=policy, opts=self._child),
        ]
        configuration, config_objects = self._configure()
        required += config_objects
        if args.file.migration:
            required.append(self._migrate(configuration, required))
        self.deployment = self._deploy(replicas, configuration, required)
        self.service = self._create_service()
        if replicas > 1 or args.file.scaling:  # a budget for a single pod would block every drain
            PodDisruptionBudget(
                name,
                metadata=metadata,
                spec={"max_unavailable": 1, "selector": {"match_labels": labels.selector(name)}},
                opts=self._child,
            )
        if args.file.scaling:
            self._autoscale(replicas, args.file.scaling)
        self.register_outputs({})

    def _metadata(self, name: str) -> ObjectMetaArgsDict:
        return {
            "name": name,
            "namespace": self._args.namespace,
            "labels": {**labels.selector(name), "app.kubernetes.io/managed-by": "pulumi"},
        }

    def _configure(self) -> tuple[Configuration, list[pulumi.Resource]]:
        """Creates the objects with the configuration of the service's pods."""
        name, args, metadata = self._name, self._args, self._metadata(self._name)
        variables = service_variables(
            args.file,
            {str(file.address_variable): f"{called}:{_service_port(file)}" for called, file in args.calls.items()},
            {store: reachable.store for store, reachable in args.stores.items()},
            CA_DIRECTORY,
        )
        plain = {**self._own_variables(), **variables.plain, **args.override.environment}
        secret = variables.secret | {
            variable: RandomPassword(f"{name}-{variable}", length=48, special=False, opts=self._child).result
            for variable in args.file.secrets
        }
        files = ca_certificates(args.stores)

        objects: list[pulumi.Resource] = [ConfigMap(name, metadata=metadata, data=plain, opts=self._child)]
        sources: list[EnvFromSourceArgsDict] = [{"config_map_ref": {"name": name}}]
        if secret:
            objects.append(Secret(name, metadata=metadata, string_data=secret, opts=self._child))
            sources.append({"secret_ref": {"name": name}})
        authorities = f"{name}-authorities" if files else None
        if authorities:
            objects.append(
                ConfigMap(authorities, metadata={**metadata, "name": authorities}, data=files, opts=self._child)
            )
        fingerprint = _fingerprint(plain, secret, *([files] if files else []))
        return Configuration(sources, authorities, fingerprint), objects

    def _own_variables(self) -> dict[str, pulumi.Input[str]]:
        port = {} if self._file.port is None else {"PORT": str(self._file.port)}
        return {"SHUTDOWN_GRACE_SECONDS": str(DRAIN_SECONDS), **port}

    def _migrate(self, configuration: Configuration, required: Sequence[pulumi.Resource]) -> Job:
        name = labels.migration(self._name)
        metadata = self._metadata(name)
        policy = NetworkPolicy(
            name, metadata=metadata, spec=migration_policy(self._name, self._args.stores), opts=self._child
        )
        opts = pulumi.ResourceOptions(parent=self, depends_on=[*required, policy])
        return create_migration(self._name, self._file, self._args.image, configuration, metadata, opts)

    def _deploy(self, replicas: int, configuration: Configuration, required: Sequence[pulumi.Resource]) -> Deployment:
        return Deployment(
            self._name,
            metadata=self._metadata(self._name),
            spec={
                "replicas": replicas,
                "revision_history_limit": 3,
                "progress_deadline_seconds": 180,
                "selector": {"match_labels": labels.selector(self._name)},
                "strategy": {"type": "RollingUpdate", "rolling_update": {"max_surge": 1, "max_unavailable": 0}},
                "template": service_pod(self._name, self._file, self._args.image, configuration),
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=required,
                ignore_changes=["spec.replicas"] if self._file.scaling else None,
                custom_timeouts=pulumi.CustomTimeouts(create=_ROLLOUT_TIMEOUT, update=_ROLLOUT_TIMEOUT),
            ),
        )

    def _create_service(self) -> Service | None:
        name, file, exposure, metadata = self._name, self._file, self._args.exposure, self._metadata(self._name)
        port = _service_port(file)
        if port is None:
            return None
        # A gRPC connection is long-lived and carries every call, so a client must see each replica to balance load.
        # The name of a Service without an address of its own resolves to all of them.
        headless = file.protocol == "grpc"
        node_port = exposure.node_port if exposure else None
        service = Service(
            name,
            metadata=metadata,
            spec={
                "type": "NodePort" if node_port else "ClusterIP",
                "cluster_ip": "None" if headless else None,
                # Clients learn from the replicas' own health which of them serve. They would look up a name without
                # any address only after ever longer pauses, of up to two minutes.
                "publish_not_ready_addresses": True if headless else None,
                "selector": labels.selector(name),
                "ports": [
                    {
                        "name": file.protocol,
                        "port": port,
                        "target_port": file.protocol,
                        "app_protocol": file.protocol,
                        "node_port": node_port,
                    }
                ],
            },
            opts=self._child,
        )
        if exposure:
            exposure.attach(name, port, metadata, pulumi.ResourceOptions(parent=self, depends_on=[service]))
        return service

    def _autoscale(self, replicas: int, scaling: Scaling) -> None:
        HorizontalPodAutoscaler(
            self._name,
            metadata=self._metadata(self._name),
            spec={
                "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": self._name},
                "min_replicas": max(1, replicas),
                "max_replicas": scaling.maximum,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {
                            "name": "cpu",
                            "target": {"type": "Utilization", "average_utilization": scaling.cpu},
                        },
                    }
                ],
            },
            opts=self._child,
        )


def _service_port(file: ServiceFile) -> int | None:
    """Returns the port of the Service. For an external service it is HTTP's, on which its pods cannot listen."""
    return _HTTP_PORT if file.external else file.port


def _fingerprint(*parts: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
    """Returns a digest of the configuration, including secrets, which it does not reveal."""
    digest = pulumi.Output.json_dumps(list(parts)).apply(lambda text: hashlib.sha256(text.encode()).hexdigest())
    return pulumi.Output.unsecret(digest)
