"""Load balancers, target groups, listeners, and rules."""

from collections.abc import Mapping
from typing import Any, Final

from boutique_offline.plugins.aws.api import Api
from boutique_offline.plugins.aws.conversion import UncoveredError
from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType, Waiter, tagging

_BALANCER: Final = {"LoadBalancerArn": "{id}"}
_GROUP: Final = {"TargetGroupArn": "{id}"}
_TAGGING: Final = tagging(
    {"ResourceArns": ["{arn}"]}, "AddTags", "RemoveTags", "DescribeTags", result="tagDescriptions[0].tags"
)
_BALANCER_ATTRIBUTES: Final = {
    "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
    "enableDeletionProtection": "deletion_protection.enabled",
    "idleTimeout": "idle_timeout.timeout_seconds",
}
_GROUP_ATTRIBUTES: Final = {
    "deregistrationDelay": "deregistration_delay.timeout_seconds",
}
_HEALTH_CHECK: Final = {
    "enabled": "HealthCheckEnabled",
    "healthyThreshold": "HealthyThresholdCount",
    "interval": "HealthCheckIntervalSeconds",
    "path": "HealthCheckPath",
    "port": "HealthCheckPort",
    "protocol": "HealthCheckProtocol",
    "timeout": "HealthCheckTimeoutSeconds",
    "unhealthyThreshold": "UnhealthyThresholdCount",
}
_ACTION_MEMBERS: Final = {
    "fixedResponse": "FixedResponseConfig",
    "forward": "ForwardConfig",
    "redirect": "RedirectConfig",
}
_CONDITIONS: Final = {
    "hostHeader": ("host-header", "HostHeaderConfig"),
}


def _scheme(balancer: Properties, _: Properties) -> Arguments:
    return {"Scheme": "internal" if balancer.get("internal") else "internet-facing"}


def _modify_attributes(operation: str, arguments: Arguments, names: Mapping[str, str]) -> Call:
    """Returns the call that sets the attributes of properties; `names` has them by property."""

    def build(properties: Properties, _: Properties) -> Arguments:
        values = {key: properties[name] for name, key in names.items() if properties.get(name) is not None}
        return {"Attributes": [{"Key": key, "Value": _text(value)} for key, value in values.items()]}

    return Call(operation, arguments, build=build, built=tuple(names))


def _describe_attributes(operation: str, arguments: Arguments, names: Mapping[str, str]) -> Call:
    """Returns the call that reads the attributes of properties."""
    members = ", ".join(f"{name}: attributes[?key == '{key}'].value | [0]" for name, key in names.items())
    return Call(operation, arguments, result=f"{{{members}}}")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _health_check(group: Properties, _: Properties) -> Arguments:
    check = group.get("healthCheck") or {}
    converted = {_HEALTH_CHECK[name]: value for name, value in check.items() if name in _HEALTH_CHECK}
    if check.get("matcher"):
        converted["Matcher"] = {"HttpCode": check["matcher"]}
    if unknown := sorted(check.keys() - _HEALTH_CHECK.keys() - {"matcher"}):
        raise UncoveredError(f"healthCheck.{unknown[0]}")
    return converted


def _read_health_check(group: Properties) -> dict[str, Any]:
    check = {name: group.get(member[:1].lower() + member[1:]) for name, member in _HEALTH_CHECK.items()}
    return check | {"matcher": (group.get("matcher") or {}).get("httpCode")}


def _certificate(listener: Properties, _: Properties) -> Arguments:
    arn = listener.get("certificateArn")
    return {"Certificates": [{"CertificateArn": arn}]} if arn else {}


def _conditions(rule: Properties, _: Properties) -> Arguments:
    conditions = []
    for condition in rule["conditions"]:
        for name, values in condition.items():
            if name not in _CONDITIONS:
                raise UncoveredError(f"conditions.{name}")
            field, member = _CONDITIONS[name]
            conditions.append({"Field": field, member: {"Values": list(values["values"])}})
    return {"Conditions": conditions}


def _read_conditions(rule: Properties) -> list[Any]:
    names = {field: (name, member) for name, (field, member) in _CONDITIONS.items()}
    conditions = []
    for condition in rule.get("conditions") or []:
        if condition["field"] in names:
            name, member = names[condition["field"]]
            values = (condition.get(member[:1].lower() + member[1:]) or condition).get("values")
            conditions.append({name: {"values": values}})
    return conditions


async def _next_priority(api: Api, rule: Properties) -> Properties:
    """Returns the priority after that of the last rule."""
    response = await api.call("elbv2", "DescribeRules", {"ListenerArn": rule["listenerArn"]})
    taken = [int(other["Priority"]) for other in response["Rules"] if other["Priority"] != "default"]
    return {"priority": max(taken, default=0) + 1}


def _suffix(arn: str) -> str | None:
    """Returns the end of the ARN, which is the name in CloudWatch."""
    name = arn.rpartition(":")[2]
    return name.removeprefix("loadbalancer/")


TYPES: Final = {
    "LoadBalancer": ResourceType(
        service="elbv2",
        id="{loadBalancerArn}",
        create=Call("CreateLoadBalancer", build=_scheme, built=("internal",), result="loadBalancers[0]"),
        read=Call("DescribeLoadBalancers", {"LoadBalancerArns": ["{id}"]}, result="loadBalancers[0]"),
        updates=(
            _modify_attributes("ModifyLoadBalancerAttributes", _BALANCER, _BALANCER_ATTRIBUTES),
            Call("SetSubnets", _BALANCER, takes=("subnets",)),
            Call("SetSecurityGroups", _BALANCER, takes=("securityGroups",)),
        ),
        details=(_describe_attributes("DescribeLoadBalancerAttributes", _BALANCER, _BALANCER_ATTRIBUTES),),
        delete=(Call("DeleteLoadBalancer", _BALANCER),),
        tagging=_TAGGING,
        members={"loadBalancerType": "Type"},
        reads={
            "arn": "loadBalancerArn",
            "arnSuffix": lambda balancer: _suffix(balancer["loadBalancerArn"]),
            "internal": lambda balancer: balancer.get("scheme") == "internal",
            "subnets": "availabilityZones[].subnetId",
            "zoneId": "canonicalHostedZoneId",
        },
        created=Waiter("load_balancer_available", {"LoadBalancerArns": ["{id}"]}),
        deleted=Waiter("load_balancers_deleted", {"LoadBalancerArns": ["{id}"]}),
        name="name",
        longest_name=32,
    ),
    "TargetGroup": ResourceType(
        service="elbv2",
        id="{targetGroupArn}",
        create=Call("CreateTargetGroup", build=_health_check, built=("healthCheck",), result="targetGroups[0]"),
        read=Call("DescribeTargetGroups", {"TargetGroupArns": ["{id}"]}, result="targetGroups[0]"),
        updates=(
            Call("ModifyTargetGroup", _GROUP, build=_health_check, built=("healthCheck",)),
            _modify_attributes("ModifyTargetGroupAttributes", _GROUP, _GROUP_ATTRIBUTES),
        ),
        details=(_describe_attributes("DescribeTargetGroupAttributes", _GROUP, _GROUP_ATTRIBUTES),),
        delete=(Call("DeleteTargetGroup", _GROUP),),
        tagging=_TAGGING,
        reads={
            "arn": "targetGroupArn",
            "arnSuffix": lambda group: _suffix(group["targetGroupArn"]),
            "healthCheck": _read_health_check,
        },
        name="name",
        longest_name=32,
    ),
    "Listener": ResourceType(
        service="elbv2",
        id="{listenerArn}",
        create=Call("CreateListener", build=_certificate, built=("certificateArn",), result="listeners[0]"),
        read=Call("DescribeListeners", {"ListenerArns": ["{id}"]}, result="listeners[0]"),
        updates=(
            Call(
                "ModifyListener",
                {"ListenerArn": "{id}"},
                takes=("port", "protocol", "sslPolicy", "defaultActions"),
                build=_certificate,
                built=("certificateArn",),
                whole=True,
            ),
        ),
        delete=(Call("DeleteListener", {"ListenerArn": "{id}"}),),
        tagging=_TAGGING,
        members={f"defaultActions.{name}": member for name, member in _ACTION_MEMBERS.items()},
        reads={"alpnPolicy": "alpnPolicy[0]", "arn": "listenerArn", "certificateArn": "certificates[0].certificateArn"},
        unique=True,
    ),
    "ListenerRule": ResourceType(
        service="elbv2",
        id="{ruleArn}",
        create=Call("CreateRule", build=_conditions, built=("conditions",), result="rules[0]"),
        read=Call("DescribeRules", {"RuleArns": ["{id}"]}, result="rules[0]"),
        updates=(
            Call(
                "ModifyRule",
                {"RuleArn": "{id}"},
                takes=("actions",),
                build=_conditions,
                built=("conditions",),
                whole=True,
            ),
        ),
        delete=(Call("DeleteRule", {"RuleArn": "{id}"}),),
        tagging=_TAGGING,
        members={f"actions.{name}": member for name, member in _ACTION_MEMBERS.items()},
        reads={"arn": "ruleArn", "conditions": _read_conditions},
        prepare=_next_priority,
        unique=True,
    ),
}
