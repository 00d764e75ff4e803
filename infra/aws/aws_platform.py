"""The platform on AWS, in order of creation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from boutique_definition.pictures import pictures_folder
from boutique_definition.service_file import ServiceFile
from infra.aws import cloudflare
from infra.aws.alarms import Alarms, AlarmsArgs, LoadBalancerMetrics
from infra.aws.bucket import Bucket, BucketArgs
from infra.aws.budget import Budget, BudgetArgs
from infra.aws.cache import Cache, CacheArgs, Eviction
from infra.aws.certificate import Certificate, CertificateArgs
from infra.aws.cluster import DNS, EksCluster, EksClusterArgs
from infra.aws.database import Database, DatabaseArgs
from infra.aws.dns import Dns, DnsArgs
from infra.aws.load_balancer import LoadBalancer, LoadBalancerArgs, Target
from infra.aws.managed_stores import reachable_stores, read_statements
from infra.aws.naming import Naming
from infra.aws.network import Network, NetworkArgs
from infra.aws.pipelines import PipelineAccess, PipelineAccessArgs
from infra.aws.placement import Placement
from infra.aws.pod_identity import PodIdentity, PodIdentityArgs, needed_statements
from infra.aws.preflight import Providers, preflight
from infra.aws.registry import Registry, RegistryArgs
from infra.aws.target_group import TargetGroup
from infra.config.aws import AwsSettings, CacheSettings
from infra.platform import Cluster, Platform, create_namespace


@dataclass(frozen=True)
class AwsPlatformArgs:
    """The arguments of the platform on AWS.

    Args:
        namespace: The Kubernetes namespace to create.
        services: All service files, by service.
    """

    stack: str
    settings: AwsSettings
    namespace: str
    services: Mapping[str, ServiceFile]


def create_aws_platform(args: AwsPlatformArgs) -> Platform:
    """Creates the platform.

    Raises:
        ConfigError: AWS or Cloudflare would reject the settings. Nothing was created.
    """
    settings = args.settings
    naming = Naming(args.stack, settings.expires)
    account, zone = _providers(settings, naming)
    invokes = Providers(aws=pulumi.InvokeOptions(provider=account), cloudflare=pulumi.InvokeOptions(provider=zone))
    zones = preflight(args.stack, settings, invokes)
    aws_options = pulumi.ResourceOptions(providers=[account, zone])

    network = Network(
        "network", NetworkArgs(naming, settings.network, zones.availability_zones, settings.region), aws_options
    )
    cluster = _create_cluster(naming, settings, network, aws_options)
    Registry("registry", RegistryArgs(naming, list(args.services), settings.protected), aws_options)
    placement = Placement(network.vpc_id, network.isolated_subnets, cluster.security_group_id)
    postgres = _create_database(naming, settings, placement, aws_options)
    caches = _create_caches(naming, settings, placement, aws_options)
    pictures = Bucket(
        "pictures",
        BucketArgs(naming, settings.account, pictures_folder(args.services), settings.protected),
        aws_options,
    )
    cloudflare_networks = cloudflare.get_ip_ranges(opts=invokes.cloudflare).ipv4_cidrs
    balancer = _create_load_balancer(naming, args, network, cluster, cloudflare_networks, aws_options)
    owns_zone = zones.zone == settings.dns.domain
    hosts = [settings.dns.host(service) for service in settings.dns.hosts]
    Dns("dns", DnsArgs(settings.dns.zone_id, hosts, balancer.dns_name, owns_zone), aws_options)
    Budget("budget", BudgetArgs(naming, settings.budget), aws_options)
    Alarms(
        "alarms",
        AlarmsArgs(
            naming=naming,
            account=settings.account,
            email=settings.alarms,
            database=postgres,
            storage=settings.database.storage,
            caches=caches,
            load_balancer=LoadBalancerMetrics(balancer.arn_suffix, balancer.target_group_suffixes),
        ),
        aws_options,
    )

    databases, buckets = {"product-data": postgres}, {"pictures": pictures}
    reads = read_statements(databases, caches, buckets)
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
            pulumi.ResourceOptions.merge(aws_options, pulumi.ResourceOptions(depends_on=[cluster])),
        )
        for service, statements in needed_statements(args.services, reads).items()
    ]
    # Pods get their role when they start, so the roles exist before anything is in the namespace.
    namespace = create_namespace(
        args.namespace, pulumi.ResourceOptions(provider=cluster.provider, depends_on=[cluster, *identities])
    )
    return Platform(
        cluster=Cluster(cluster.provider, namespace),
        stores=reachable_stores(settings.region, network, databases, caches, buckets),
        exposures={
            service: TargetGroup(arn, settings.dns.host(service)) for service, arn in balancer.target_groups.items()
        },
        dns=DNS,
    )


def _providers(settings: AwsSettings, naming: Naming) -> tuple[aws.Provider, cloudflare.Provider]:
    """Creates both providers. They read credentials from environment variables, so that none are in the state."""
    account = aws.Provider(
        "aws",
        region=settings.region,
        # Checked also when the program does not run, as in a destroy. Otherwise preflight reports wrong credentials.
        allowed_account_ids=[settings.account],
        skip_credentials_validation=True,
        default_tags={"tags": naming.tags()},
    )
    return account, cloudflare.Provider("cloudflare")


def _create_cluster(
    naming: Naming, settings: AwsSettings, network: Network, opts: pulumi.ResourceOptions
) -> EksCluster:
    administrators: dict[str, pulumi.Input[str]] = {
        role.rpartition("/")[2]: role for role in settings.cluster.administrators
    }
    viewers: dict[str, pulumi.Input[str]] = {}
    if settings.pipelines:
        access = PipelineAccess(
            "pipelines", PipelineAccessArgs(naming, settings.pipelines, settings.account, settings.region), opts
        )
        administrators["pipelines-deploy"] = access.deploy_role_arn
        viewers["pipelines-preview"] = access.preview_role_arn
    return EksCluster(
        "cluster",
        EksClusterArgs(naming, settings.cluster, network, settings.protected, administrators, viewers),
        opts,
    )


def _create_database(
    naming: Naming, settings: AwsSettings, placement: Placement, opts: pulumi.ResourceOptions
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
        opts,
    )


def _create_caches(
    naming: Naming, settings: AwsSettings, placement: Placement, opts: pulumi.ResourceOptions
) -> dict[str, Cache]:
    """Creates the caches, by the names of their stores. Carts must not be lost; sessions may be."""

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
            opts,
        )

    return {
        "cart-data": create("cart-data", settings.caches.carts, "noeviction", keep=settings.final_snapshots),
        "session-data": create("session-data", settings.caches.sessions, "volatile-lru", keep=False),
    }


def _create_load_balancer(
    naming: Naming,
    args: AwsPlatformArgs,
    network: Network,
    cluster: EksCluster,
    sources: Sequence[str],
    opts: pulumi.ResourceOptions,
) -> LoadBalancer:
    settings = args.settings
    hosts = {service: settings.dns.host(service) for service in settings.dns.hosts}
    certificate = Certificate("certificate", CertificateArgs(list(hosts.values()), settings.dns.zone_id), opts)
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
        opts,
    )
