"""The network: public subnets for load balancers and NAT, private ones for nodes, isolated ones for stores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
from pulumi_aws import cloudwatch, ec2, iam, vpc

from infra.aws.iam import allow, assume_role_policy
from infra.aws.naming import Naming
from infra.config.aws import NetworkSettings

_FLOW_LOG_DAYS = 14


@dataclass(frozen=True)
class NetworkArgs:
    """The arguments of a network in these availability zones."""

    naming: Naming
    settings: NetworkSettings
    zones: Sequence[str]
    region: str


@dataclass(frozen=True)
class SubnetPlan:
    """The subnets of a zone."""

    private: IPv4Network
    public: IPv4Network
    isolated: IPv4Network


def plan_subnets(network: IPv4Network, zones: int) -> list[SubnetPlan]:
    """Divides the network: half for nodes and pods, a quarter each for the public subnets and the stores.

    Each part has room for four zones, so that adding a zone does not change the subnets of the others.
    """
    private_half, other_half = network.subnets(prefixlen_diff=1)
    public_quarter, isolated_quarter = other_half.subnets(prefixlen_diff=1)
    parts = (list(part.subnets(prefixlen_diff=2)) for part in (private_half, public_quarter, isolated_quarter))
    return [SubnetPlan(*subnets) for subnets in zip(*parts, strict=True)][:zones]


class Network(pulumi.ComponentResource):
    """A VPC with three kinds of subnets. Source of the load balancer tags: EKS user guide, subnet discovery.

    Attributes:
        public_subnets: The ids of the public subnets, in the order of the zones.
        private_subnets: The ids of the private subnets, in the order of the zones.
        isolated_subnets: The ids of the isolated subnets, in the order of the zones.
    """

    vpc_id: pulumi.Output[str]
    cidr: str
    public_subnets: Sequence[pulumi.Output[str]]
    private_subnets: Sequence[pulumi.Output[str]]
    isolated_subnets: Sequence[pulumi.Output[str]]
    isolated_cidrs: Sequence[str]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:aws:Network", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        plans = plan_subnets(args.settings.cidr, len(args.zones))

        self._vpc = ec2.Vpc(
            "network",
            cidr_block=str(args.settings.cidr),
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._name_tags(),
            opts=self._child,
        )
        # Every VPC has this group, and resources without a group of their own get it: it must open nothing.
        ec2.DefaultSecurityGroup("closed", vpc_id=self._vpc.id, ingress=[], egress=[], opts=self._child)
        public = self._subnets("public", [plan.public for plan in plans], {"kubernetes.io/role/elb": "1"})
        private = self._subnets("private", [plan.private for plan in plans], {"kubernetes.io/role/internal-elb": "1"})
        isolated = self._subnets("isolated", [plan.isolated for plan in plans], {})

        internet = ec2.InternetGateway("internet", vpc_id=self._vpc.id, tags=self._name_tags(), opts=self._child)
        route_tables = [
            *self._route_public(public, internet),
            *self._route_private(public, private, internet),
            *self._route_isolated(isolated),
        ]
        self._create_endpoints(private, route_tables)
        self._log_flows()

        self.vpc_id = self._vpc.id
        self.cidr = str(args.settings.cidr)
        self.public_subnets = [subnet.id for subnet in public]
        self.private_subnets = [subnet.id for subnet in private]
        self.isolated_subnets = [subnet.id for subnet in isolated]
        self.isolated_cidrs = [str(plan.isolated) for plan in plans]
        self.register_outputs({"vpcId": self.vpc_id})

    def _name_tags(self, *parts: str, **tags: str) -> Mapping[str, str]:
        """Returns tags with the name that the AWS console shows for resources without a name of their own."""
        return {"Name": self._args.naming.name(*parts), **tags}

    def _subnets(self, tier: str, networks: Sequence[IPv4Network], tags: Mapping[str, str]) -> list[ec2.Subnet]:
        return [
            ec2.Subnet(
                f"{tier}-{zone}",
                vpc_id=self._vpc.id,
                availability_zone=zone,
                cidr_block=str(network),
                tags=self._name_tags(tier, zone, **tags),
                opts=self._child,
            )
            for zone, network in zip(self._args.zones, networks, strict=True)
        ]

    def _route_public(self, subnets: Sequence[ec2.Subnet], internet: ec2.InternetGateway) -> list[ec2.RouteTable]:
        table = self._route_table("public", subnets)
        ec2.Route(
            "public-internet",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=internet.id,
            opts=self._child,
        )
        return [table]

    def _route_private(
        self, public: Sequence[ec2.Subnet], private: Sequence[ec2.Subnet], internet: ec2.InternetGateway
    ) -> list[ec2.RouteTable]:
        zones = self._args.zones
        with_nat = zones if self._args.settings.nat == "one-per-zone" else zones[:1]
        gateways = {
            zone: self._nat_gateway(zone, subnet, internet) for zone, subnet in zip(with_nat, public, strict=False)
        }
        tables = []
        for zone, subnet in zip(zones, private, strict=True):
            table = self._route_table(f"private-{zone}", [subnet])
            ec2.Route(
                f"private-{zone}-internet",
                route_table_id=table.id,
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=gateways.get(zone, gateways[zones[0]]).id,
                opts=self._child,
            )
            tables.append(table)
        return tables

    def _nat_gateway(self, zone: str, subnet: ec2.Subnet, internet: ec2.InternetGateway) -> ec2.NatGateway:
        address = ec2.Eip(f"nat-{zone}", domain="vpc", tags=self._name_tags("nat", zone), opts=self._child)
        return ec2.NatGateway(
            f"nat-{zone}",
            allocation_id=address.allocation_id,
            subnet_id=subnet.id,
            tags=self._name_tags("nat", zone),
            # AWS creates no NAT gateway in a VPC without an internet gateway.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[internet]),
        )

    def _route_isolated(self, subnets: Sequence[ec2.Subnet]) -> list[ec2.RouteTable]:
        return [self._route_table("isolated", subnets)]

    def _route_table(self, name: str, subnets: Sequence[ec2.Subnet]) -> ec2.RouteTable:
        table = ec2.RouteTable(name, vpc_id=self._vpc.id, tags=self._name_tags(name), opts=self._child)
        for number, subnet in enumerate(subnets):
            label = name if len(subnets) == 1 else f"{name}-{self._args.zones[number]}"
            ec2.RouteTableAssociation(label, route_table_id=table.id, subnet_id=subnet.id, opts=self._child)
        return table

    def _create_endpoints(self, subnets: Sequence[ec2.Subnet], route_tables: Sequence[ec2.RouteTable]) -> None:
        """Creates the endpoints of the settings, and one for S3, which is free and lets image pulls bypass NAT."""
        ec2.VpcEndpoint(
            "s3",
            vpc_id=self._vpc.id,
            service_name=f"com.amazonaws.{self._args.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in route_tables],
            tags=self._name_tags("s3"),
            opts=self._child,
        )
        if not self._args.settings.interface_endpoints:
            return
        group = ec2.SecurityGroup(
            "endpoints",
            name=self._args.naming.name("endpoints"),
            description="Interface endpoints, from inside the network",
            vpc_id=self._vpc.id,
            tags=self._name_tags("endpoints"),
            opts=self._child,
        )
        vpc.SecurityGroupIngressRule(
            "endpoints-https",
            security_group_id=group.id,
            cidr_ipv4=str(self._args.settings.cidr),
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=self._child,
        )
        for service in self._args.settings.interface_endpoints:
            ec2.VpcEndpoint(
                service,
                vpc_id=self._vpc.id,
                service_name=f"com.amazonaws.{self._args.region}.{service}",
                vpc_endpoint_type="Interface",
                subnet_ids=[subnet.id for subnet in subnets],
                security_group_ids=[group.id],
                private_dns_enabled=True,
                tags=self._name_tags(service.replace(".", "-")),
                opts=self._child,
            )

    def _log_flows(self) -> None:
        naming = self._args.naming
        logs = cloudwatch.LogGroup(
            "flows", name=f"/{naming.name()}/flows", retention_in_days=_FLOW_LOG_DAYS, opts=self._child
        )
        role = iam.Role(
            "flows",
            name=naming.name("flows"),
            assume_role_policy=assume_role_policy("vpc-flow-logs.amazonaws.com"),
            opts=self._child,
        )
        writes = iam.RolePolicy(
            "flows",
            role=role.name,
            policy=allow(
                ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                [pulumi.Output.concat(logs.arn, ":*")],
            ),
            opts=self._child,
        )
        ec2.FlowLog(
            "flows",
            vpc_id=self._vpc.id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=logs.arn,
            iam_role_arn=role.arn,
            tags=self._name_tags("flows"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[writes]),
        )
