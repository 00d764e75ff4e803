"""An environment on AWS, in the order in which it comes to be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from boutique_definition.service_file import ServiceFile
from infra import rds_certificates
from infra.aws import cache, cloudflare, database
from infra.aws.alarms import Alarms, AlarmsArgs, WatchedLoadBalancer
from infra.aws.bucket import Bucket, BucketArgs
from infra.aws.budget import Budget, BudgetArgs
from infra.aws.cache import Cache, CacheArgs, Eviction
from infra.aws.certificate import Certificate, CertificateArgs
from infra.aws.cluster import DNS, EksCluster, EksClusterArgs
from infra.aws.database import Database, DatabaseArgs
from infra.aws.dns import Dns, DnsArgs
from infra.aws.iam import Statement
from infra.aws.load_balancer import LoadBalancer, LoadBalancerArgs, Target
from infra.aws.naming import Naming
from infra.aws.network import Network, NetworkArgs
from infra.aws.pipelines import PipelineAccess, PipelineAccessArgs
from infra.aws.placement import Placement
from infra.aws.pod_identity import PodIdentity, PodIdentityArgs, needed_statements, read_secret
from infra.aws.preflight import Clouds, preflight
from infra.aws.registry import Registry, RegistryArgs
from infra.config.aws import AwsSettings, CacheSettings
from infra.platform import Cluster, Platform, create_namespace
from infra.shop.exposure import TargetGroup
from infra.shop.network_policies import ClusterNetwork
from infra.shop.stores import Store


@dataclass(frozen=True)
class AwsPlatformArgs:
    """`pictures` is the folder of product pictures."""

    stack: str
    settings: AwsSettings
    namespace: str
    services: Mapping[str, ServiceFile]
    pictures: Path


def create_aws_platform(args: AwsPlatformArgs) -> Platform:
    """Raises ConfigError, before anything is made, for settings that AWS or Cloudflare would refuse."""
    settings = args.settings
    naming = Naming(args.stack, settings.expires)
    account, zone = _providers(settings, naming)
    ask = Clouds(aws=pulumi.InvokeOptions(provider=account), cloudflare=pulumi.InvokeOptions(provider=zone))
    found = preflight(args.stack, settings, ask)
    made = pulumi.ResourceOptions(providers=[account, zone])

    network = Network("network", NetworkArgs(naming, settings.network, found.availability_zones, settings.region), made)
    cluster = _create_cluster(naming, settings, network, made)
    Registry("registry", RegistryArgs(naming, list(args.services), settings.protected), made)
    placement = Placement(network.vpc_id, network.isolated_subnets, cluster.security_group_id)
    postgres = _create_database(naming, settings, placement, made)
    caches = _create_caches(naming, settings, placement, made)
    pictures = Bucket("pictures", BucketArgs(naming, settings.account, args.pictures, settings.protected), made)
    edge = cloudflare.get_ip_ranges(opts=ask.cloudflare).ipv4_cidrs
    balancer = _create_edge(naming, args, network, cluster, edge, made)
    owns_zone = found.zone == settings.dns.domain
    hosts = [settings.dns.host(service) for service in settings.dns.hosts]
    Dns("dns", DnsArgs(settings.dns.zone_id, hosts, balancer.dns_name, owns_zone), made)
    Budget("budget", BudgetArgs(naming, settings.budget), made)
    Alarms(
        "alarms",
        AlarmsArgs(
            naming=naming,
            account=settings.account,
            email=settings.alarms,
            database=postgres,
            storage=settings.database.storage,
            caches=caches,
            load_balancer=WatchedLoadBalancer(balancer.arn_suffix, balancer.target_group_suffixes),
        ),
        made,
    )

    stores = _stores(settings, network, postgres, caches, pictures)
    reads = _reads(postgres, caches, pictures)
    identities = [
        PodIdentity(
            service,
            PodIdentityArgs(
                naming=naming,
                cluster=cluster.name,
                cluster_arn=f"arn:aws:eks:{settings.region}:{settings.account}:cluster/{cluster.name}",
                namespace=args.namespace,
                service_account=service,
                statements=statements,
            ),
            pulumi.ResourceOptions.merge(made, pulumi.ResourceOptions(depends_on=[cluster])),
        )
        for service, statements in needed_statements(args.services, reads).items()
    ]
    # Pods get their role when they start, so all of that is there before anything is in the namespace.
    namespace = create_namespace(
        args.namespace, pulumi.ResourceOptions(provider=cluster.provider, depends_on=[cluster, *identities])
    )
    return Platform(
        cluster=Cluster(cluster.provider, namespace),
        network=ClusterNetwork(dns=DNS, cloud=[network.cidr]),
        stores=stores,
        exposures={
            service: TargetGroup(arn, settings.dns.host(service)) for service, arn in balancer.target_groups.items()
        },
    )


def _providers(settings: AwsSettings, naming: Naming) -> tuple[aws.Provider, cloudflare.Provider]:
    """Cloudflare's takes its token from the environment, and neither's credentials are in the state."""
    account = aws.Provider(
        "aws",
        region=settings.region,
        # Also when the program does not run, as in a destroy. It is preflight that tells of credentials that are wrong.
        allowed_account_ids=[settings.account],
        skip_credentials_validation=True,
        default_tags={"tags": naming.tags()},
    )
    return account, cloudflare.Provider("cloudflare")


def _create_cluster(
    naming: Naming, settings: AwsSettings, network: Network, made: pulumi.ResourceOptions
) -> EksCluster:
    administrators: dict[str, pulumi.Input[str]] = {
        role.rpartition("/")[2]: role for role in settings.cluster.administrators
    }
    viewers: dict[str, pulumi.Input[str]] = {}
    if settings.pipelines:
        access = PipelineAccess(
            "pipelines", PipelineAccessArgs(naming, settings.pipelines, settings.account, settings.region), made
        )
        administrators["pipelines-deploy"] = access.deploy_role_arn
        viewers["pipelines-preview"] = access.preview_role_arn
    return EksCluster(
        "cluster",
        EksClusterArgs(naming, settings.cluster, network, settings.protected, administrators, viewers),
        made,
    )


def _create_database(
    naming: Naming, settings: AwsSettings, placement: Placement, made: pulumi.ResourceOptions
) -> Database:
    return Database(
        "database",
        DatabaseArgs(
            naming=naming,
            settings=settings.database,
            placement=placement,
            protected=settings.protected,
            final_snapshot=settings.final_snapshots,
        ),
        made,
    )


def _create_caches(
    naming: Naming, settings: AwsSettings, placement: Placement, made: pulumi.ResourceOptions
) -> dict[str, Cache]:
    """By the names of the stores. What is in a cart is a shopper's own; a session can be begun again."""

    def create(name: str, cache_settings: CacheSettings, eviction: Eviction, *, keep: bool) -> Cache:
        return Cache(
            name,
            CacheArgs(
                naming=naming,
                settings=cache_settings,
                eviction=eviction,
                placement=placement,
                protected=settings.protected,
                final_snapshot=keep,
            ),
            made,
        )

    return {
        "cart-data": create("cart-data", settings.caches.carts, "noeviction", keep=settings.final_snapshots),
        "session-data": create("session-data", settings.caches.sessions, "volatile-lru", keep=False),
    }


def _create_edge(
    naming: Naming,
    args: AwsPlatformArgs,
    network: Network,
    cluster: EksCluster,
    sources: Sequence[str],
    made: pulumi.ResourceOptions,
) -> LoadBalancer:
    settings = args.settings
    hosts = {service: settings.dns.host(service) for service in settings.dns.hosts}
    certificate = Certificate("certificate", CertificateArgs(list(hosts.values()), settings.dns.zone_id), made)
    return LoadBalancer(
        "load-balancer",
        LoadBalancerArgs(
            naming=naming,
            vpc_id=network.vpc_id,
            subnets=network.public_subnets,
            sources=sources,
            certificate_arn=certificate.arn,
            cluster=cluster.name,
            pods=cluster.security_group_id,
            targets={
                service: Target(host, port)
                for service, host in hosts.items()
                if (port := args.services[service].port) is not None
            },
            protected=settings.protected,
        ),
        made,
    )


def _stores(
    settings: AwsSettings, network: Network, postgres: Database, caches: Mapping[str, Cache], pictures: Bucket
) -> dict[str, Store]:
    stores = {
        name: Store(
            port=cache.PORT,
            address=made.address,
            replica_address=made.replica_address,
            username=made.username,
            secret=made.secret_arn,
            tls=True,
            networks=network.isolated_cidrs,
        )
        for name, made in caches.items()
    }
    stores["product-data"] = Store(
        port=database.PORT,
        address=postgres.address,
        replica_address=postgres.replica_address,
        username=postgres.username,
        secret=postgres.secret_arn,
        database=postgres.database,
        tls=True,
        authority=rds_certificates.ca_certificate(settings.region),
        networks=network.isolated_cidrs,
    )
    stores["pictures"] = Store(bucket=pictures.bucket, region=settings.region)
    return stores


def _reads(postgres: Database, caches: Mapping[str, Cache], pictures: Bucket) -> dict[str, list[Statement]]:
    """What lets a role read a store, or how to log in to it, by the names of the stores."""
    databases: Mapping[str, Database | Cache] = {"product-data": postgres, **caches}
    logins = {name: read_secret(made.secret_arn, made.key_arn) for name, made in databases.items()}
    return {**logins, "pictures": [pictures.read]}
