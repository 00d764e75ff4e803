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

from boutique_definition.service_file import Scaling, ServiceFile
from boutique_definition.wiring import plain_variables, secret_variables
from infra.settings import ServiceOverride
from infra.shop import labels
from infra.shop.exposure import Exposure, NodePort, TargetGroup, bind_target_group
from infra.shop.network_policies import service_policy
from infra.shop.pod import DRAIN_SECONDS, pod_template
from infra.shop.stores import Store

Variables = Mapping[str, pulumi.Input[str]]


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


class Workload(pulumi.ComponentResource):
    """Deployment, Service, ServiceAccount, ConfigMap, Secret, NetworkPolicy, and what keeps replicas up."""

    def __init__(self, name: str, args: WorkloadArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:shop:Workload", name, None, opts)
        file = args.services[name]
        replicas = file.replicas if args.override.replicas is None else args.override.replicas
        child = pulumi.ResourceOptions(parent=self)
        metadata: ObjectMetaArgsDict = {
            "name": name,
            "namespace": args.namespace,
            "labels": {**labels.selector(name), "app.kubernetes.io/managed-by": "pulumi"},
        }

        needed: list[pulumi.Resource] = [
            ServiceAccount(name, metadata=metadata, automount_service_account_token=False, opts=child),
            NetworkPolicy(name, metadata=metadata, spec=service_policy(name, args.services, args.stores), opts=child),
        ]
        environment = _environment(file, args)
        needed.append(ConfigMap(name, metadata=metadata, data=environment, opts=child))
        sources: list[EnvFromSourceArgsDict] = [{"config_map_ref": {"name": name}}]
        if credentials := secret_variables(file, lambda store: args.stores[store].password):
            needed.append(Secret(name, metadata=metadata, string_data=credentials, opts=child))
            sources.append({"secret_ref": {"name": name}})

        Deployment(
            name,
            metadata=metadata,
            spec={
                "replicas": replicas,
                "revision_history_limit": 3,
                "progress_deadline_seconds": 180,
                "selector": {"match_labels": labels.selector(name)},
                "strategy": {"type": "RollingUpdate", "rolling_update": {"max_surge": 1, "max_unavailable": 0}},
                "template": pod_template(name, file, args.image, sources, _fingerprint(environment, credentials)),
            },
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=needed, ignore_changes=["spec.replicas"] if file.scaling else None
            ),
        )
        if file.port is not None:
            _create_service(name, file, file.port, args.exposure, metadata, child)
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


def _environment(file: ServiceFile, args: WorkloadArgs) -> Variables:
    own = {"SHUTDOWN_GRACE_SECONDS": str(DRAIN_SECONDS)}
    if file.port is not None:
        own["PORT"] = str(file.port)
    return {
        **own,
        **plain_variables(
            file,
            args.services,
            address=lambda service: f"{service}:{args.services[service].port}",
            fact=lambda store, fact: args.stores[store].fact(fact),
        ),
        **args.override.environment,
    }


def _fingerprint(*parts: Variables) -> pulumi.Output[str]:
    """A digest of the configuration, secrets included; it tells nothing of them."""
    digest = pulumi.Output.json_dumps(list(parts)).apply(lambda text: hashlib.sha256(text.encode()).hexdigest())
    return pulumi.Output.unsecret(digest)


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
