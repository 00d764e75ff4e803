"""Networks: VPCs and what is in them."""

from typing import Final

from boutique_offline.plugins.aws.conversion import UncoveredError
from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType, Tagging, Waiter

_ARN: Final = "arn:aws:ec2:{region}:{account}"
_EVERYTHING: Final = {"IpProtocol": "-1"}
_ANYWHERE: Final = _EVERYTHING | {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def tagging(kind: str) -> Tagging:
    of_it = {"Resources": ["{id}"]}
    return Tagging(add=Call("CreateTags", of_it), remove=Call("DeleteTags", of_it), kind=kind)


def _no_rules(group: Properties, _: Properties) -> Arguments:
    """Rules of the group itself are not covered, but that it has none is."""
    if group.get("ingress") or group.get("egress"):
        raise UncoveredError("ingress, egress")
    return {}


def _changed_lists(new: Properties, old: Properties) -> Arguments:
    """What to add to and remove from the lists of an endpoint."""
    lists = {"routeTableIds": "RouteTableIds", "subnetIds": "SubnetIds", "securityGroupIds": "SecurityGroupIds"}
    arguments: dict[str, list[str]] = {}
    for name, member in lists.items():
        before, after = old.get(name, []), new.get(name, [])
        arguments[f"Add{member}"] = [item for item in after if item not in before]
        arguments[f"Remove{member}"] = [item for item in before if item not in after]
    return {member: items for member, items in arguments.items() if items}


TYPES: Final = {
    "Vpc": ResourceType(
        service="ec2",
        id="{vpcId}",
        create=Call("CreateVpc", answer="vpc"),
        read=Call("DescribeVpcs", {"VpcIds": ["{id}"]}, answer="vpcs[0]"),
        updates=(
            Call("ModifyVpcAttribute", {"VpcId": "{id}"}, takes=("enableDnsSupport",)),
            Call("ModifyVpcAttribute", {"VpcId": "{id}"}, takes=("enableDnsHostnames",)),
        ),
        details=(
            Call(
                "DescribeVpcAttribute",
                {"VpcId": "{id}", "Attribute": "enableDnsSupport"},
                answer="{enableDnsSupport: enableDnsSupport.value}",
            ),
            Call(
                "DescribeVpcAttribute",
                {"VpcId": "{id}", "Attribute": "enableDnsHostnames"},
                answer="{enableDnsHostnames: enableDnsHostnames.value}",
            ),
        ),
        delete=(Call("DeleteVpc", {"VpcId": "{id}"}),),
        tagging=tagging("vpc"),
        computed={"arn": _ARN + ":vpc/{id}"},
        created=Waiter("vpc_available", {"VpcIds": ["{id}"]}),
    ),
    "Subnet": ResourceType(
        service="ec2",
        id="{subnetId}",
        create=Call("CreateSubnet", answer="subnet"),
        read=Call("DescribeSubnets", {"SubnetIds": ["{id}"]}, answer="subnets[0]"),
        updates=(Call("ModifySubnetAttribute", {"SubnetId": "{id}"}, takes=("mapPublicIpOnLaunch",)),),
        delete=(Call("DeleteSubnet", {"SubnetId": "{id}"}),),
        tagging=tagging("subnet"),
        computed={"arn": _ARN + ":subnet/{id}"},
        created=Waiter("subnet_available", {"SubnetIds": ["{id}"]}),
    ),
    "InternetGateway": ResourceType(
        service="ec2",
        id="{internetGatewayId}",
        create=Call("CreateInternetGateway", answer="internetGateway"),
        following=(Call("AttachInternetGateway", {"InternetGatewayId": "{id}", "VpcId": "{vpcId}"}),),
        read=Call("DescribeInternetGateways", {"InternetGatewayIds": ["{id}"]}, answer="internetGateways[0]"),
        delete=(
            Call("DetachInternetGateway", {"InternetGatewayId": "{id}", "VpcId": "{vpcId}"}),
            Call("DeleteInternetGateway", {"InternetGatewayId": "{id}"}),
        ),
        tagging=tagging("internet-gateway"),
        reads={"vpcId": "attachments[0].vpcId"},
        computed={"arn": _ARN + ":internet-gateway/{id}"},
    ),
    "NatGateway": ResourceType(
        service="ec2",
        id="{natGatewayId}",
        create=Call("CreateNatGateway", answer="natGateway"),
        read=Call("DescribeNatGateways", {"NatGatewayIds": ["{id}"]}, answer="natGateways[?state != 'deleted'] | [0]"),
        delete=(Call("DeleteNatGateway", {"NatGatewayId": "{id}"}),),
        tagging=tagging("natgateway"),
        reads={
            name: f"natGatewayAddresses[0].{name}"
            for name in ("allocationId", "networkInterfaceId", "privateIp", "publicIp")
        },
        created=Waiter("nat_gateway_available", {"NatGatewayIds": ["{id}"]}),
        deleted=Waiter("nat_gateway_deleted", {"NatGatewayIds": ["{id}"]}),
    ),
    "Eip": ResourceType(
        service="ec2",
        id="{allocationId}",
        create=Call("AllocateAddress"),
        read=Call("DescribeAddresses", {"AllocationIds": ["{id}"]}, answer="addresses[0]"),
        delete=(Call("ReleaseAddress", {"AllocationId": "{id}"}),),
        tagging=tagging("elastic-ip"),
        computed={"arn": _ARN + ":elastic-ip/{id}"},
    ),
    "RouteTable": ResourceType(
        service="ec2",
        id="{routeTableId}",
        create=Call("CreateRouteTable", answer="routeTable"),
        read=Call("DescribeRouteTables", {"RouteTableIds": ["{id}"]}, answer="routeTables[0]"),
        delete=(Call("DeleteRouteTable", {"RouteTableId": "{id}"}),),
        tagging=tagging("route-table"),
        computed={"arn": _ARN + ":route-table/{id}"},
    ),
    "Route": ResourceType(
        service="ec2",
        id="{routeTableId}_{destinationCidrBlock}",
        create=Call("CreateRoute"),
        read=Call(
            "DescribeRouteTables",
            {"RouteTableIds": ["{routeTableId}"]},
            answer="routeTables[0].routes[?destinationCidrBlock == '{destinationCidrBlock}'] | [0]",
        ),
        updates=(
            Call(
                "ReplaceRoute",
                {"RouteTableId": "{routeTableId}", "DestinationCidrBlock": "{destinationCidrBlock}"},
                takes=("gatewayId", "natGatewayId"),
            ),
        ),
        delete=(
            Call(
                "DeleteRoute",
                {"RouteTableId": "{routeTableId}", "DestinationCidrBlock": "{destinationCidrBlock}"},
            ),
        ),
        unique=True,
    ),
    "RouteTableAssociation": ResourceType(
        service="ec2",
        id="{associationId}",
        create=Call("AssociateRouteTable"),
        read=Call(
            "DescribeRouteTables",
            {"Filters": [{"Name": "association.route-table-association-id", "Values": ["{id}"]}]},
            answer="routeTables[0].associations[?routeTableAssociationId == '{id}'] | [0]",
        ),
        delete=(Call("DisassociateRouteTable", {"AssociationId": "{id}"}),),
        unique=True,
    ),
    "VpcEndpoint": ResourceType(
        service="ec2",
        id="{vpcEndpointId}",
        create=Call("CreateVpcEndpoint", answer="vpcEndpoint"),
        read=Call(
            "DescribeVpcEndpoints",
            {"VpcEndpointIds": ["{id}"]},
            answer="vpcEndpoints[?state != 'deleted'] | [0]",
        ),
        updates=(
            Call("ModifyVpcEndpoint", {"VpcEndpointId": "{id}"}, takes=("policy", "privateDnsEnabled")),
            Call(
                "ModifyVpcEndpoint",
                {"VpcEndpointId": "{id}"},
                build=_changed_lists,
                built=("routeTableIds", "subnetIds", "securityGroupIds"),
            ),
        ),
        delete=(Call("DeleteVpcEndpoints", {"VpcEndpointIds": ["{id}"]}),),
        tagging=tagging("vpc-endpoint"),
        members={"policy": "PolicyDocument"},
        reads={"securityGroupIds": "groups[].groupId"},
        computed={"arn": _ARN + ":vpc-endpoint/{id}"},
    ),
    "FlowLog": ResourceType(
        service="ec2",
        id="{flowLogId}",
        create=Call(
            "CreateFlowLogs", {"ResourceIds": ["{vpcId}"], "ResourceType": "VPC"}, answer="{flowLogId: flowLogIds[0]}"
        ),
        read=Call("DescribeFlowLogs", {"FlowLogIds": ["{id}"]}, answer="flowLogs[0]"),
        delete=(Call("DeleteFlowLogs", {"FlowLogIds": ["{id}"]}),),
        tagging=tagging("vpc-flow-log"),
        members={"iamRoleArn": "DeliverLogsPermissionArn"},
        reads={"vpcId": "resourceId"},
        computed={"arn": _ARN + ":vpc-flow-log/{id}"},
    ),
    # Every network has one; it is taken over rather than made, and stays when it is given up.
    "DefaultSecurityGroup": ResourceType(
        service="ec2",
        id="{groupId}",
        create=Call(
            "DescribeSecurityGroups",
            {
                "Filters": [
                    {"Name": "vpc-id", "Values": ["{vpcId}"]},
                    {"Name": "group-name", "Values": ["default"]},
                ]
            },
            build=_no_rules,
            built=("ingress", "egress"),
            answer="securityGroups[0]",
        ),
        following=(
            Call(
                "RevokeSecurityGroupIngress",
                {"GroupId": "{id}", "IpPermissions": [_EVERYTHING | {"UserIdGroupPairs": [{"GroupId": "{id}"}]}]},
            ),
            Call("RevokeSecurityGroupEgress", {"GroupId": "{id}", "IpPermissions": [_ANYWHERE]}),
        ),
        read=Call("DescribeSecurityGroups", {"GroupIds": ["{id}"]}, answer="securityGroups[0]"),
        tagging=tagging("security-group"),
        computed={"arn": _ARN + ":security-group/{id}"},
        reads={"name": "groupName", "ingress": "ipPermissions", "egress": "ipPermissionsEgress"},
    ),
    # AWS gives each group a rule that lets everything out; the provider takes it away, so that rules are what is named.
    "SecurityGroup": ResourceType(
        service="ec2",
        id="{groupId}",
        create=Call("CreateSecurityGroup"),
        following=(Call("RevokeSecurityGroupEgress", {"GroupId": "{id}", "IpPermissions": [_ANYWHERE]}),),
        read=Call("DescribeSecurityGroups", {"GroupIds": ["{id}"]}, answer="securityGroups[0]"),
        delete=(Call("DeleteSecurityGroup", {"GroupId": "{id}"}),),
        tagging=tagging("security-group"),
        members={"name": "GroupName"},
        computed={"arn": _ARN + ":security-group/{id}"},
        defaults={"description": "Managed by Pulumi"},
        settings=frozenset({"revokeRulesOnDelete"}),
        name="name",
    ),
}
