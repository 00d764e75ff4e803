"""Rules of security groups."""

from typing import Final

from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType
from boutique_offline.plugins.aws.types.ec2 import ec2_tagging

_PORTS: Final = {"fromPort": "FromPort", "toPort": "ToPort"}
_PEERS: Final = {"cidrIpv4": ("IpRanges", "CidrIp"), "referencedSecurityGroupId": ("UserIdGroupPairs", "GroupId")}
_BUILT: Final = ("ipProtocol", "description", *_PORTS, *_PEERS)


def _permission(rule: Properties, _: Properties) -> Arguments:
    """Returns the rule as `IpPermissions` with one peer."""
    described = {"Description": rule["description"]} if rule.get("description") else {}
    permission = {"IpProtocol": rule["ipProtocol"]}
    permission |= {member: rule[name] for name, member in _PORTS.items() if rule.get(name) is not None}
    for name, (member, key) in _PEERS.items():
        if rule.get(name):
            permission[member] = [{key: rule[name], **described}]
    return {"IpPermissions": [permission]}


def _modification(rule: Properties, _: Properties) -> Arguments:
    """Returns the rule as an argument of `ModifySecurityGroupRules`."""
    names = {name: name[:1].upper() + name[1:] for name in _BUILT}
    names["referencedSecurityGroupId"] = "ReferencedGroupId"
    changed = {member: rule[name] for name, member in names.items() if rule.get(name) is not None}
    return {"SecurityGroupRules": [{"SecurityGroupRuleId": rule["id"], "SecurityGroupRule": changed}]}


def _rule(direction: str) -> ResourceType:
    return ResourceType(
        service="ec2",
        id="{securityGroupRuleId}",
        create=Call(
            f"AuthorizeSecurityGroup{direction}",
            {"GroupId": "{securityGroupId}"},
            build=_permission,
            built=_BUILT,
            result="securityGroupRules[0]",
        ),
        read=Call("DescribeSecurityGroupRules", {"SecurityGroupRuleIds": ["{id}"]}, result="securityGroupRules[0]"),
        updates=(
            Call("ModifySecurityGroupRules", {"GroupId": "{securityGroupId}"}, build=_modification, built=_BUILT),
        ),
        delete=(
            Call(
                f"RevokeSecurityGroup{direction}",
                {"GroupId": "{securityGroupId}", "SecurityGroupRuleIds": ["{id}"]},
            ),
        ),
        tagging=ec2_tagging("security-group-rule"),
        reads={"referencedSecurityGroupId": "referencedGroupInfo.groupId"},
        computed={"arn": "arn:aws:ec2:{region}:{account}:security-group-rule/{id}"},
        unique=True,
    )


TYPES: Final = {"SecurityGroupIngressRule": _rule("Ingress"), "SecurityGroupEgressRule": _rule("Egress")}
