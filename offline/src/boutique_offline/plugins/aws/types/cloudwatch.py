"""Log groups and alarms."""

from typing import Any, Final

from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType, tagging

_LOGS: Final = {"logGroupName": "{name}"}
_GROUP: Final = {"resourceArn": "{arn}"}
_ALARM: Final = {"ResourceARN": "{arn}"}


def _dimensions(alarm: Properties, _: Properties) -> Arguments:
    dimensions = alarm.get("dimensions") or {}
    return {"Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()]}


def _read_dimensions(alarm: Properties) -> dict[str, Any]:
    return {dimension["name"]: dimension["value"] for dimension in alarm.get("dimensions") or []}


TYPES: Final = {
    "LogGroup": ResourceType(
        service="logs",
        id="{name}",
        create=Call("CreateLogGroup"),
        read=Call(
            "DescribeLogGroups", {"logGroupNamePrefix": "{name}"}, result="logGroups[?logGroupName == '{name}'] | [0]"
        ),
        updates=(
            Call("PutRetentionPolicy", _LOGS, takes=("retentionInDays",)),
            Call("AssociateKmsKey", _LOGS, takes=("kmsKeyId",)),
        ),
        delete=(Call("DeleteLogGroup", _LOGS),),
        tagging=tagging(_GROUP, read="ListTagsForResource"),
        members={"name": "logGroupName"},
        # The member `arn` ends in ":*", which means the streams in the group.
        reads={"arn": "logGroupArn"},
        settings=frozenset({"skipDestroy"}),
        name="name",
        longest_name=512,
    ),
    "MetricAlarm": ResourceType(
        service="cloudwatch",
        id="{name}",
        create=Call("PutMetricAlarm", build=_dimensions, built=("dimensions",)),
        read=Call("DescribeAlarms", {"AlarmNames": ["{name}"]}, result="metricAlarms[0]"),
        updates=(
            Call(
                "PutMetricAlarm",
                {"AlarmName": "{name}"},
                takes_all=True,
                build=_dimensions,
                built=("dimensions",),
                whole=True,
            ),
        ),
        delete=(Call("DeleteAlarms", {"AlarmNames": ["{name}"]}),),
        tagging=tagging(_ALARM, read="ListTagsForResource"),
        members={"name": "AlarmName", "okActions": "OKActions"},
        reads={"arn": "alarmArn", "dimensions": _read_dimensions},
        name="name",
    ),
}
