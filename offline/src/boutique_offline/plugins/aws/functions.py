"""The provider's functions, which read from AWS and create nothing."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from boutique_offline.plugins.aws.api import Api
from boutique_offline.plugins.aws.conversion import provider_name
from boutique_offline.plugins.provider import not_covered
from boutique_offline.plugins.serving import PluginError

Values = dict[str, Any]


async def check_account(api: Api, allowed: Sequence[str]) -> str:
    """Returns the account's number. Raises PluginError, worded like the official provider's, if it is not allowed."""
    account: str = (await api.call("sts", "GetCallerIdentity", {}))["Account"]
    if allowed and account not in allowed:
        raise PluginError(f"AWS account ID not allowed: {account}")
    return account


async def invoke(api: Api, token: str, arguments: Values) -> Values:
    """Returns the result of a function such as `aws:index/getCallerIdentity:getCallerIdentity`."""
    if token not in _FUNCTIONS:
        raise not_covered(f"function {token}")
    function = _FUNCTIONS[token]
    if unknown := sorted(arguments.keys() - set(function.takes) - {"region"}):
        raise not_covered(f"{token}: argument {unknown[0]}")
    response = await function.call(api, arguments)
    return arguments | response | {"region": api.region}


async def _get_caller_identity(api: Api, _: Values) -> Values:
    identity = await api.call("sts", "GetCallerIdentity", {})
    account = identity["Account"]
    return {"id": account, "accountId": account, "arn": identity["Arn"], "userId": identity["UserId"]}


async def _get_availability_zones(api: Api, arguments: Values) -> Values:
    filters = _filters(arguments)
    if state := arguments.get("state"):
        filters.append({"Name": "state", "Values": [state]})
    response = await api.call("ec2", "DescribeAvailabilityZones", {"Filters": filters})
    excluded = {*arguments.get("excludeNames", []), *arguments.get("excludeZoneIds", [])}
    zones = [
        zone
        for zone in sorted(response["AvailabilityZones"], key=lambda zone: str(zone["ZoneName"]))
        if not excluded & {zone["ZoneName"], zone["ZoneId"]}
    ]
    return {
        "id": api.region,
        "groupNames": sorted({zone["GroupName"] for zone in zones if zone.get("GroupName")}),
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone["ZoneId"] for zone in zones],
    }


async def _get_cluster_versions(api: Api, arguments: Values) -> Values:
    names = {"versionStatus": "versionStatus", "clusterVersionsOnlies": "clusterVersions", "clusterType": "clusterType"}
    request = {names[name]: value for name, value in arguments.items() if value is not None}
    found = (await api.call("eks", "DescribeClusterVersions", request))["clusterVersions"]
    return {"clusterVersions": [_spelled(version) for version in found]}


async def _get_engine_version(api: Api, arguments: Values) -> Values:
    version = arguments.get("version")
    request = {"Engine": arguments["engine"]} | ({"EngineVersion": version} if version else {})
    found = (await api.call("rds", "DescribeDBEngineVersions", request))["DBEngineVersions"]
    if not found:
        raise PluginError(f"no RDS engine versions match the criteria: {request}")
    if len(found) > 1 and not arguments.get("latest"):
        raise PluginError(f"multiple RDS engine versions match the criteria: {request}")
    latest = max(found, key=lambda each: [int(part) for part in each["EngineVersion"].split(".")])
    return {
        "id": latest["EngineVersion"],
        "version": latest["EngineVersion"],
        "versionActual": latest["EngineVersion"],
        "engineDescription": latest.get("DBEngineDescription"),
        "parameterGroupFamily": latest.get("DBParameterGroupFamily"),
        "status": latest.get("Status"),
        "supportsReadReplica": latest.get("SupportsReadReplica"),
        "versionDescription": latest.get("DBEngineVersionDescription"),
    }


async def _get_orderable_db_instance(api: Api, arguments: Values) -> Values:
    members = {"engine": "Engine", "engineVersion": "EngineVersion", "instanceClass": "DBInstanceClass"}
    request = {members[name]: value for name, value in arguments.items() if name in members}
    found = (await api.call("rds", "DescribeOrderableDBInstanceOptions", request))["OrderableDBInstanceOptions"]
    wanted = arguments.get("storageType")
    found = [option for option in found if wanted in (None, option.get("StorageType"))]
    if not found:
        raise PluginError(f"no RDS DB Instance Classes match the criteria: {request}")
    spelled = _spelled(found[0])
    name, zones = spelled["dbInstanceClass"], [zone["Name"] for zone in found[0].get("AvailabilityZones", [])]
    return spelled | {"id": name, "instanceClass": name, "availabilityZones": zones}


async def _get_reserved_cache_node_offering(api: Api, arguments: Values) -> Values:
    request = {
        "CacheNodeType": arguments["cacheNodeType"],
        "OfferingType": arguments["offeringType"],
        "ProductDescription": arguments["productDescription"],
    }
    found = (await api.call("elasticache", "DescribeReservedCacheNodesOfferings", request))[
        "ReservedCacheNodesOfferings"
    ]
    if not found:
        raise PluginError(f"no ElastiCache Reserved Cache Node Offerings match the criteria: {request}")
    identifier = found[0]["ReservedCacheNodesOfferingId"]
    return {"id": identifier, "offeringId": identifier}


def _filters(arguments: Values) -> list[Values]:
    return [{"Name": each["name"], "Values": list(each["values"])} for each in arguments.get("filters") or []]


def _spelled(response: Values) -> Values:
    return {provider_name(name): value for name, value in response.items() if not hasattr(value, "isoformat")}


@dataclass(frozen=True)
class _Function:
    call: Callable[[Api, Values], Awaitable[Values]]
    takes: tuple[str, ...] = ()


_FUNCTIONS: Final = {
    "aws:eks/getClusterVersions:getClusterVersions": _Function(
        _get_cluster_versions, ("clusterType", "clusterVersionsOnlies", "versionStatus")
    ),
    "aws:elasticache/getReservedCacheNodeOffering:getReservedCacheNodeOffering": _Function(
        _get_reserved_cache_node_offering, ("cacheNodeType", "duration", "offeringType", "productDescription")
    ),
    "aws:index/getAvailabilityZones:getAvailabilityZones": _Function(
        _get_availability_zones, ("excludeNames", "excludeZoneIds", "filters", "state")
    ),
    "aws:index/getCallerIdentity:getCallerIdentity": _Function(_get_caller_identity),
    "aws:rds/getEngineVersion:getEngineVersion": _Function(_get_engine_version, ("engine", "latest", "version")),
    "aws:rds/getOrderableDbInstance:getOrderableDbInstance": _Function(
        _get_orderable_db_instance, ("engine", "engineVersion", "instanceClass", "storageType")
    ),
}
