"""The managed stores, as the shop's pods reach them and log in to them."""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes.networking.v1 import NetworkPolicyEgressRuleArgsDict

from boutique_definition.stores import Bucket, Postgres, Redis, SecretArn, Tls
from infra import rds_certificates
from infra.aws import bucket, cache, database
from infra.aws.iam import Statement
from infra.aws.network import Network
from infra.aws.pod_identity import read_secret
from infra.shop.network_policies import egress_to, internet, network_peer
from infra.shop.stores import ReachableStore

_POD_IDENTITY_AGENT = "169.254.170.23/32"
"""Gives AWS credentials to pods, at port 80. Source: EKS user guide, "Pod Identity Agent considerations"."""

Databases = Mapping[str, database.Database]
Caches = Mapping[str, cache.Cache]
Buckets = Mapping[str, bucket.Bucket]


def reachable_stores(
    region: str, network: Network, databases: Databases, caches: Caches, buckets: Buckets
) -> dict[str, ReachableStore]:
    """Returns the stores by name, each with the rules that let pods reach it."""
    aws = _egress_to_aws(network)
    isolated = [network_peer(cidr) for cidr in network.isolated_cidrs]
    system_cas: Tls[pulumi.Input[str]] = Tls()
    rds_ca: Tls[pulumi.Input[str]] = Tls(rds_certificates.ca_certificate(region))
    return {
        **{
            name: ReachableStore(
                Redis(store.address, SecretArn(store.secret_arn), store.replica_address, system_cas),
                [egress_to(isolated, cache.PORT), *aws],
            )
            for name, store in caches.items()
        },
        **{
            name: ReachableStore(
                Postgres(store.address, store.database, SecretArn(store.secret_arn), store.replica_address, rds_ca),
                [egress_to(isolated, database.PORT), *aws],
            )
            for name, store in databases.items()
        },
        **{name: ReachableStore(Bucket(store.bucket, region), aws) for name, store in buckets.items()},
    }


def read_statements(databases: Databases, caches: Caches, buckets: Buckets) -> dict[str, list[Statement]]:
    """Returns, by store, the statements that let a role read the store, or the secret to log in to it."""
    with_login: Mapping[str, database.Database | cache.Cache] = {**databases, **caches}
    logins = {name: read_secret(store.secret_arn, store.key_arn) for name, store in with_login.items()}
    return {**logins, **{name: [store.read] for name, store in buckets.items()}}


def _egress_to_aws(network: Network) -> Sequence[NetworkPolicyEgressRuleArgsDict]:
    """Returns rules that let pods get their role's credentials and call AWS, also at its endpoints in the VPC."""
    return [
        egress_to([network_peer(_POD_IDENTITY_AGENT)], 80),
        egress_to([internet(), network_peer(network.cidr)], 443),
    ]
