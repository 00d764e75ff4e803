"""VPCs and their parts."""

from typing import Any, Final

from boutique_offline.plugins.aws.conversion import UncoveredError
from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType, Tagging, Waiter, tagging

_ARN: Final = "arn:aws:ec2:{region}:{account}"
_ROUTE: Final = {"RouteTableId": "{routeTableId}", "DestinationCidrBlock": "{destinationCidrBlock}"}
_EVERYTHING: Final = {"IpProtocol": "-1"}
_ANYWHERE: Final = _EVERYTHING | {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def ec2_tagging(kind: str) -> Tagging:
    """Returns the tagging of a resource; `kind` is EC2's name of its type."""
    return tagging({"Resources": ["{id}"]}, "CreateTags", "DeleteTags", kind=kind)


def _resource(name: str, kind: str, **columns: Any) -> ResourceType:
    """Returns the row of a resource whose operations have EC2's usual names, such as `DescribeVpcs`.

    Args:
        name: Name of the resource in operations.
        kind: EC2's name of its type.
        columns: Columns that the row adds or replaces.
    """
    member = name[0].lower() + name[1:]
    usual: dict[str, Any] = {
        "create": Call(f"Create{name}", result=member),
        "read": Call(f"Describe{name}s", {f"{name}Ids": ["{id}"]}, result=f"{member}s[0]"),
        "delete": (Call(f"Delete{name}", {f"{name}Id": "{id}"}),),
        "computed": {"arn": f"{_ARN}:{kind}/{{id}}"},
    }
    return ResourceType(service="ec2", id=f"{{{member}Id}}", tagging=ec2_tagging(kind), **(usual | columns))


def _no_rules(group: Properties, _: Properties) -> Arguments:
    """Refuses inline rules other than none."""
    if group.get("ingress") or group.get("egress"):
        raise UncoveredError("ingress, egress")
    return {}


def _changed_lists(new: Properties, old: Properties) -> Arguments:
    """Returns what to add to and remove from the lists of an endpoint."""
    lists = {"routeTableIds": "RouteTableIds", "subnetIds": "SubnetIds", "securityGroupIds": "SecurityGroupIds"}
    arguments: dict[str, list[str]] = {}
    for name, member in lists.items():
        before, after = old.get(name, []), new.get(name, [])
        arguments[f"Add{member}"] = [item for item in after if item not in before]
        arguments[f"Remove{member}"] = [item for item in before if item not in after]
    return {member: items for member, items in arguments.items() if items}


TYPES: Final = {
    "Vpc": _resource(
        "Vpc",
        "vpc",
        updates=(
            Call("ModifyVpcAttribute", {"VpcId": "{id}"}, takes=("enableDnsSupport",)),
            Call("ModifyVpcAttribute", {"VpcId": "{id}"}, takes=("enableDnsHostnames",)),
        ),
        details=(
            Call(
                "DescribeVpcAttribute",
                {"VpcId": "{id}", "Attribute": "enableDnsSupport"},
                result="{enableDnsSupport: enableDnsSupport.value}",
            ),
            Call(
                "DescribeVpcAttribute",
                {"VpcId": "{id}", "Attribute": "enableDnsHostnames"},
                result="{enableDnsHostnames: enableDnsHostnames.value}",
            ),
        ),
        created=Waiter("vpc_available", {"VpcIds": ["{id}"]}),
    ),
    "Subnet": _resource(
        "Subnet",
        "subnet",
        updates=(Call("ModifySubnetAttribute", {"SubnetId": "{id}"}, takes=("mapPublicIpOnLaunch",)),),
        created=Waiter("subnet_available", {"SubnetIds": ["{id}"]}),
    ),
    "InternetGateway": _resource(
        "InternetGateway",
        "internet-gateway",
        following=(Call("AttachInternetGateway", {"InternetGatewayId": "{id}", "VpcId": "{vpcId}"}),),
        delete=(
            Call("DetachInternetGateway", {"InternetGatewayId": "{id}", "VpcId": "{vpcId}"}),
            Call("DeleteInternetGateway", {"InternetGatewayId": "{id}"}),
        ),
        reads={"vpcId": "attachments[0].vpcId"},
    ),
    "NatGateway": _resource(
        "NatGateway",
        "natgateway",
        read=Call("DescribeNatGateways", {"NatGatewayIds": ["{id}"]}, result="natGateways[?state != 'deleted'] | [0]"),
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
        read=Call("DescribeAddresses", {"AllocationIds": ["{id}"]}, result="addresses[0]"),
        delete=(Call("ReleaseAddress", {"AllocationId": "{id}"}),),
        tagging=ec2_tagging("elastic-ip"),
        computed={"arn": _ARN + ":elastic-ip/{id}"},
    ),
    "RouteTable": _resource(
        "RouteTable",
        "route-table",
    ),
    "Route": ResourceType(
        service="ec2",
        id="{routeTableId}_{destinationCidrBlock}",
        create=Call("CreateRoute"),
        read=Call(
            "DescribeRouteTables",
            {"RouteTableIds": ["{routeTableId}"]},
            result="routeTables[0].routes[?destinationCidrBlock == '{destinationCidrBlock}'] | [0]",
        ),
        updates=(Call("ReplaceRoute", _ROUTE, takes=("gatewayId", "natGatewayId")),),
        delete=(Call("DeleteRoute", _ROUTE),),
        unique=True,
    ),
    "RouteTableAssociation": ResourceType(
        service="ec2",
        id="{associationId}",
        create=Call("AssociateRouteTable"),
        read=Call(
            "DescribeRouteTables",
            {"Filters": [{"Name": "association.route-table-association-id", "Values": ["{id}"]}]},
            result="routeTables[0].associations[?routeTableAssociationId == '{id}'] | [0]",
        ),
        delete=(Call("DisassociateRouteTable", {"AssociationId": "{id}"}),),
        unique=True,
    ),
    "VpcEndpoint": _resource(
        "VpcEndpoint",
        "vpc-endpoint",
        read=Call(
            "DescribeVpcEndpoints",
            {"VpcEndpointIds": ["{id}"]},
            result="vpcEndpoints[?state != 'deleted'] | [0]",
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
        members={"policy": "PolicyDocument"},
        reads={"securityGroupIds": "groups[].groupId"},
    ),
    "FlowLog": _resource(
        "FlowLog",
        "vpc-flow-log",
        create=Call(
            "CreateFlowLogs", {"ResourceIds": ["{vpcId}"], "ResourceType": "VPC"}, result="{flowLogId: flowLogIds[0]}"
        ),
        delete=(Call("DeleteFlowLogs", {"FlowLogIds": ["{id}"]}),),
        members={"iamRoleArn": "DeliverLogsPermissionArn"},
        reads={"vpcId": "resourceId"},
    ),
    # Every VPC has one: it is adopted instead of created, and a delete leaves it.
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
            result="securityGroups[0]",
        ),
        following=(
            Call(
                "RevokeSecurityGroupIngress",
                {"GroupId": "{id}", "IpPermissions": [_EVERYTHING | {"UserIdGroupPairs": [{"GroupId": "{id}"}]}]},
            ),
            Call("RevokeSecurityGroupEgress", {"GroupId": "{id}", "IpPermissions": [_ANYWHERE]}),
        ),
        read=Call("DescribeSecurityGroups", {"GroupIds": ["{id}"]}, result="securityGroups[0]"),
        tagging=ec2_tagging("security-group"),
        computed={"arn": _ARN + ":security-group/{id}"},
        reads={"name": "groupName", "ingress": "ipPermissions", "egress": "ipPermissionsEgress"},
    ),
    # AWS creates each group with a rule that allows all egress, which the provider removes.
    "SecurityGroup": ResourceType(
        service="ec2",
        id="{groupId}",
        create=Call("CreateSecurityGroup"),
        following=(Call("RevokeSecurityGroupEgress", {"GroupId": "{id}", "IpPermissions": [_ANYWHERE]}),),
        read=Call("DescribeSecurityGroups", {"GroupIds": ["{id}"]}, result="securityGroups[0]"),
        delete=(Call("DeleteSecurityGroup", {"GroupId": "{id}"}),),
        tagging=ec2_tagging("security-group"),
        members={"name": "GroupName"},
        computed={"arn": _ARN + ":security-group/{id}"},
        defaults={"description": "Managed by Pulumi"},
        settings=frozenset({"revokeRulesOnDelete"}),
        name="name",
    ),
}
