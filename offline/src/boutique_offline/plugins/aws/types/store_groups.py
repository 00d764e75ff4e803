"""Subnet groups and parameter groups, which RDS and ElastiCache have alike."""

from collections.abc import Callable
from typing import Any, Final

from boutique_offline.plugins.aws.conversion import UncoveredError
from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType, tagging

TAGGING: Final = tagging(
    {"ResourceName": "{arn}"},
    "AddTagsToResource",
    "RemoveTagsFromResource",
    "ListTagsForResource",
    result="tagList",
)
_DESCRIPTION: Final = {"description": "Managed by Pulumi"}


def subnet_group(service: str, prefix: str) -> ResourceType:
    """Returns the row of subnet groups. `prefix` is the start of their name in operations, such as "DB"."""
    name = {f"{prefix}SubnetGroupName": "{name}"}
    return ResourceType(
        service=service,
        id="{name}",
        create=Call(f"Create{prefix}SubnetGroup"),
        read=Call(f"Describe{prefix}SubnetGroups", name, result=f"{prefix.lower()}SubnetGroups[0]"),
        updates=(Call(f"Modify{prefix}SubnetGroup", name, takes=("description", "subnetIds"), whole=True),),
        delete=(Call(f"Delete{prefix}SubnetGroup", name),),
        tagging=TAGGING,
        members={"name": f"{prefix}SubnetGroupName", "description": f"{prefix}SubnetGroupDescription"},
        reads={"arn": _arn(f"{prefix.lower()}SubnetGroupArn"), "subnetIds": "subnets[].subnetIdentifier"},
        defaults=_DESCRIPTION,
        name="name",
    )


def parameter_group(service: str, prefix: str, build: Callable[[Properties, Properties], Arguments]) -> ResourceType:
    """Returns the row of parameter groups. `build` returns the parameters for the API."""
    name = {f"{prefix}ParameterGroupName": "{name}"}
    return ResourceType(
        service=service,
        id="{name}",
        create=Call(f"Create{prefix}ParameterGroup"),
        read=Call(f"Describe{prefix}ParameterGroups", name, result=f"{prefix.lower()}ParameterGroups[0]"),
        updates=(Call(f"Modify{prefix}ParameterGroup", name, build=build, built=("parameters",)),),
        details=(
            Call(
                f"Describe{prefix}Parameters",
                name | {"Source": "user"},
                result="{parameters: parameters[].{name: parameterName, value: parameterValue, "
                "applyMethod: applyMethod}}",
            ),
        ),
        delete=(Call(f"Delete{prefix}ParameterGroup", name),),
        tagging=TAGGING,
        members={"name": f"{prefix}ParameterGroupName", "family": f"{prefix}ParameterGroupFamily"},
        reads={"arn": _arn(f"{prefix.lower()}ParameterGroupArn")},
        defaults=_DESCRIPTION,
        name="name",
    )


def changed_parameters(group: Properties, old: Properties) -> list[dict[str, Any]]:
    """Returns the parameters of a group. Raises UncoveredError if one was removed, since none is reset."""
    parameters: list[dict[str, Any]] = group.get("parameters") or []
    before = {parameter["name"] for parameter in old.get("parameters") or []}
    if removed := sorted(before - {parameter["name"] for parameter in parameters}):
        raise UncoveredError(f"parameters without {removed[0]}")
    return parameters


def _arn(member: str) -> Callable[[Properties], Any]:
    return lambda group: group.get(member) or group.get("arn")
