"""One service of the shop as Kubernetes objects, made from its `service.yaml` and what the environment overrides."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from pulumi_kubernetes.core.v1 import ConfigMap, EnvFromSourceArgsDict, Secret, Service, ServiceAccount
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget
from pulumi_random import RandomPassword

from boutique_definition.service_file import Scaling, ServiceFile
from boutique_definition.wiring import plain_variables, secret_variables
from infra.config.shop import ServiceOverride
from infra.shop import labels
from infra.shop.exposure import Exposure, NodePort, TargetGroup, bind_target_group
from infra.shop.migration import create_migration
from infra.shop.network_policies import ClusterNetwork, migration_policy, service_policy
from infra.shop.pod import DRAIN_SECONDS, Configuration, service_pod
from infra.shop.stores import Store, authorities, store_fact

Variables = Mapping[str, pulumi.Input[str]]

_HTTP_PORT = 80


@dataclass(frozen=True)
class WorkloadArgs:
    """`services` and `stores` are all there are: the service's own file says which of them it needs.

    `exposure` is given for a service that is external.
    """

    namespace: pulumi.Input[str]
    services: Mapping[str, ServiceFile]
    stores: Mapping[str, Store]
    image: str
    override: ServiceOverride
    exposure: Exposure | None
    network: ClusterNetwork


class Workload(pulumi.ComponentResource):
    """Deployment, Service, ServiceAccount, ConfigMap, Secret, NetworkPolicy, migration, and what keeps replicas up."""

    def __init__(self, name: str, args: WorkloadArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:shop:Workload", name, None, opts)
        file = args.services[name]
        replicas = file.replicas if args.override.replicas is None else args.override.replicas
        child = pulumi.ResourceOptions(parent=self)
        metadata = _metadata(name, args.namespace)
        needed: list[pulumi.Resource] = [
            ServiceAccount(name, metadata=metadata, automount_service_account_token=False, opts=child),
            NetworkPolicy(
                name,
                metadata=metadata,
                spec=service_policy(name, args.services, args.stores, args.network),
                opts=child,
            ),
        ]
        configuration, holders = _configure(name, file, args, child)
        needed += holders
        if file.migration:
            needed.append(_migrate(name, file, args, configuration, needed, self))
        Deployment(
            name,
            metadata=metadata,
            spec={
                "replicas": replicas,
                "revision_history_limit": 3,
                "progress_deadline_seconds": 180,
                "selector": {"match_labels": labels.selector(name)},
                "strategy": {"type": "RollingUpdate", "rolling_update": {"max_surge": 1, "max_unavailable": 0}},
                "template": service_pod(name, file, args.image, configuration),
            },
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=needed, ignore_changes=["spec.replicas"] if file.scaling else None
            ),
        )
        if port := _service_port(file):
            _create_service(name, file, port, args.exposure, metadata, child)
        if replicas > 1 or file.scaling:  # a budget for one pod alone would block every drain
            PodDisruptionBudget(
                name,
                metadata=metadata,
                spec={"max_unavailable": 1, "selector": {"match_labels": labels.selector(name)}},
                opts=child,
            )
        if file.scaling:
            _create_autoscaler(name, replicas, file.scaling, metadata, child)
        self.register_outputs({})


def _metadata(name: str, namespace: pulumi.Input[str]) -> ObjectMetaArgsDict:
    return {
        "name": name,
        "namespace": namespace,
        "labels": {**labels.selector(name), "app.kubernetes.io/managed-by": "pulumi"},
    }


def _configure(
    name: str, file: ServiceFile, args: WorkloadArgs, options: pulumi.ResourceOptions
) -> tuple[Configuration, list[pulumi.Resource]]:
    """What the service's pods are told, and the objects that hold it."""
    metadata = _metadata(name, args.namespace)
    environment = _environment(file, args)
    credentials = secret_variables(
        file,
        password=lambda store: args.stores[store].password,
        random=lambda variable: RandomPassword(f"{name}-{variable}", length=48, special=False, opts=options).result,
    )
    files = authorities(file, args.stores)

    holders: list[pulumi.Resource] = [ConfigMap(name, metadata=metadata, data=environment, opts=options)]
    sources: list[EnvFromSourceArgsDict] = [{"config_map_ref": {"name": name}}]
    if credentials:
        holders.append(Secret(name, metadata=metadata, string_data=credentials, opts=options))
        sources.append({"secret_ref": {"name": name}})
    if files:
        trusted = f"{name}-authorities"
        holders.append(ConfigMap(trusted, metadata={**metadata, "name": trusted}, data=files, opts=options))
    fingerprint = _fingerprint(environment, credentials, *([files] if files else []))
    return Configuration(sources, trusted if files else None, fingerprint), holders


def _migrate(
    name: str,
    file: ServiceFile,
    args: WorkloadArgs,
    configuration: Configuration,
    needed: list[pulumi.Resource],
    parent: pulumi.Resource,
) -> pulumi.Resource:
    metadata = _metadata(labels.migration(name), args.namespace)
    policy = NetworkPolicy(
        labels.migration(name),
        metadata=metadata,
        spec=migration_policy(name, file, args.stores, args.network),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    after = pulumi.ResourceOptions(parent=parent, depends_on=[*needed, policy])
    return create_migration(name, file, args.image, configuration, metadata, after)


def _environment(file: ServiceFile, args: WorkloadArgs) -> Variables:
    own = {"SHUTDOWN_GRACE_SECONDS": str(DRAIN_SECONDS)}
    if file.port is not None:
        own["PORT"] = str(file.port)
    return {
        **own,
        **plain_variables(
            file,
            args.services,
            address=lambda service: f"{service}:{_service_port(args.services[service])}",
            fact=lambda store, fact: store_fact(args.stores, store, fact),
        ),
        **args.override.environment,
    }


def _fingerprint(*parts: Variables) -> pulumi.Output[str]:
    """A digest of the configuration, secrets included; it tells nothing of them."""
    digest = pulumi.Output.json_dumps(list(parts)).apply(lambda text: hashlib.sha256(text.encode()).hexdigest())
    return pulumi.Output.unsecret(digest)


def _service_port(file: ServiceFile) -> int | None:
    """What comes from outside comes to HTTP's own port; a process without privileges can't listen there."""
    return _HTTP_PORT if file.external else file.port


def _create_service(
    name: str,
    file: ServiceFile,
    port: int,
    exposure: Exposure | None,
    metadata: ObjectMetaArgsDict,
    options: pulumi.ResourceOptions,
) -> None:
    # A gRPC connection lives long and carries every call, so a client must see each replica to spread over them:
    # without an address of its own, the Service's name resolves to all of them.
    headless = file.protocol == "grpc"
    node_port = exposure.port if isinstance(exposure, NodePort) else None
    service = Service(
        name,
        metadata=metadata,
        spec={
            "type": "NodePort" if node_port else "ClusterIP",
            "cluster_ip": "None" if headless else None,
            # Which of them serve, clients are told by the replicas' own health. A name without any address they would
            # look up again but after ever longer pauses, of up to two minutes.
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
        opts=options,
    )
    if isinstance(exposure, TargetGroup):
        after = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[service]))
        bind_target_group(name, port, exposure, metadata, after)


def _create_autoscaler(
    name: str, replicas: int, scaling: Scaling, metadata: ObjectMetaArgsDict, options: pulumi.ResourceOptions
) -> None:
    HorizontalPodAutoscaler(
        name,
        metadata=metadata,
        spec={
            "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": name},
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
        opts=options,
    )
