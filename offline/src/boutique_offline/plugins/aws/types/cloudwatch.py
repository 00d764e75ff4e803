"""Logs and alarms."""

from typing import Any, Final

from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType, Tagging

_LOGS: Final = {"logGroupName": "{name}"}
_GROUP: Final = {"resourceArn": "{arn}"}
_ALARM: Final = {"ResourceARN": "{arn}"}
_ALARM_PROPERTIES: Final = (
    "actionsEnabled",
    "alarmActions",
    "alarmDescription",
    "comparisonOperator",
    "datapointsToAlarm",
    "evaluationPeriods",
    "extendedStatistic",
    "insufficientDataActions",
    "metricName",
    "namespace",
    "okActions",
    "period",
    "statistic",
    "threshold",
    "treatMissingData",
    "unit",
)


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
            "DescribeLogGroups", {"logGroupNamePrefix": "{name}"}, answer="logGroups[?logGroupName == '{name}'] | [0]"
        ),
        updates=(
            Call("PutRetentionPolicy", _LOGS, takes=("retentionInDays",)),
            Call("AssociateKmsKey", _LOGS, takes=("kmsKeyId",)),
        ),
        delete=(Call("DeleteLogGroup", _LOGS),),
        tagging=Tagging(
            add=Call("TagResource", _GROUP),
            remove=Call("UntagResource", _GROUP),
            read=Call("ListTagsForResource", _GROUP),
        ),
        members={"name": "logGroupName"},
        # The other form of it ends in ":*", which stands for the streams inside.
        reads={"arn": "logGroupArn"},
        settings=frozenset({"skipDestroy"}),
        name="name",
        longest_name=512,
    ),
    "MetricAlarm": ResourceType(
        service="cloudwatch",
        id="{name}",
        create=Call("PutMetricAlarm", build=_dimensions, built=("dimensions",)),
        read=Call("DescribeAlarms", {"AlarmNames": ["{name}"]}, answer="metricAlarms[0]"),
        updates=(
            Call(
                "PutMetricAlarm",
                {"AlarmName": "{name}"},
                takes=_ALARM_PROPERTIES,
                build=_dimensions,
                built=("dimensions",),
                whole=True,
            ),
        ),
        delete=(Call("DeleteAlarms", {"AlarmNames": ["{name}"]}),),
        tagging=Tagging(
            add=Call("TagResource", _ALARM),
            remove=Call("UntagResource", _ALARM),
            read=Call("ListTagsForResource", _ALARM),
        ),
        members={"name": "AlarmName", "okActions": "OKActions"},
        reads={"arn": "alarmArn", "dimensions": _read_dimensions},
        name="name",
    ),
}
