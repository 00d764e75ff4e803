"""Nothing is open to the internet, except the load balancer to Cloudflare."""

from collections.abc import Iterator
from typing import Any, Final

from infra.policies.rules import Missing, Property, Resource, Rule, has, is_true, items, look_up, property_rule

_WORLD: Final = ("0.0.0.0/0", "::/0")
_ACCESS_BLOCK: Final = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
_GROUP: Final = "aws:ec2/securityGroup:SecurityGroup"
_RULE: Final = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_OLD_RULE: Final = "aws:ec2/securityGroupRule:SecurityGroupRule"
_DEFAULT_GROUP: Final = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
_CLUSTER: Final = "aws:eks/cluster:Cluster"
_SERVICE: Final = "kubernetes:core/v1:Service"
_BLOCKS: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")

NO_PUBLIC_STORES: Final = property_rule(
    "no-public-stores",
    "No store has a public address, and no bucket can be made public.",
    Property("aws:rds/instance:Instance", "publiclyAccessible", lambda value: not is_true(value), "false"),
    *(Property(_ACCESS_BLOCK, name, is_true, "true") for name in _BLOCKS),
    Property("aws:ec2/subnet:Subnet", "mapPublicIpOnLaunch", lambda value: not is_true(value), "false"),
)


def _open_groups(resource: Resource) -> Iterator[str]:
    if resource.type == _RULE:
        for path in ("cidrIpv4", "cidrIpv6"):
            if (source := resource.get(path)) in _WORLD:
                yield f"{path}: {source!r}: must be narrower: name the networks or the group that may connect"
        return
    if resource.type == _OLD_RULE:
        if resource.get("type") == "ingress":
            yield from _world_in(resource.properties, "")
        return
    for rule in items(resource.get("ingress")):
        if resource.type == _DEFAULT_GROUP:
            yield "ingress: must be empty: resources without a group of their own get this one"
        yield from _world_in(rule, "ingress.")


def _world_in(rule: Any, where: str) -> Iterator[str]:
    for path in ("cidrBlocks", "ipv6CidrBlocks"):
        for source in items(look_up(rule, path)):
            if source in _WORLD:
                yield f"{where}{path}: {source!r}: must be narrower: name the networks that may connect"


NO_OPEN_GROUPS: Final = Rule(
    "no-open-security-groups",
    "No security group is open to the internet.",
    (_GROUP, _DEFAULT_GROUP, _RULE, _OLD_RULE),
    _open_groups,
)


def _open_cluster(resource: Resource) -> Iterator[str]:
    public, networks = resource.get("vpcConfig.endpointPublicAccess"), resource.get("vpcConfig.publicAccessCidrs")
    if public is False or Missing.UNKNOWN in (public, networks):
        return
    sources = list(items(networks))
    if not sources or any(source in _WORLD for source in sources):
        must = "must name the networks that may reach the API: set cluster.publicAccess in the stack's file"
        yield f"vpcConfig.publicAccessCidrs: {sources}: {must}"


CLOSED_CLUSTER: Final = Rule(
    "closed-cluster", "Only named networks can reach the API of a cluster.", (_CLUSTER,), _open_cluster
)

ACCESS_ENTRIES_ONLY: Final = property_rule(
    "access-entries",
    "Access to a cluster is only by access entries, and the cluster logs it.",
    Property(_CLUSTER, "accessConfig.authenticationMode", lambda value: value == "API", "API"),
    Property(
        _CLUSTER,
        "enabledClusterLogTypes",
        lambda value: has(value, {"api", "audit", "authenticator"}),
        "a list that includes api, audit and authenticator",
    ),
)

NO_CLUSTER_BALANCERS: Final = property_rule(
    "no-load-balancers-of-the-cluster",
    "No Service asks the cluster for a load balancer: a destroy would not know of it.",
    Property(
        _SERVICE,
        "spec.type",
        lambda value: value != "LoadBalancer",
        "ClusterIP: infra/aws/load_balancer.py routes to it",
    ),
)
