"""Topics and their subscriptions."""

from typing import Final

from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType, tagging

_TOPIC: Final = {"TopicArn": "{id}"}
_TAGGED: Final = {"ResourceArn": "{id}"}


def _attributes(topic: Properties, _: Properties) -> Arguments:
    return {"Attributes": {"KmsMasterKeyId": topic["kmsMasterKeyId"]}} if topic.get("kmsMasterKeyId") else {}


def _key(topic: Properties, _: Properties) -> Arguments:
    return {"AttributeValue": topic.get("kmsMasterKeyId", "")}


TYPES: Final = {
    "Topic": ResourceType(
        service="sns",
        id="{topicArn}",
        create=Call("CreateTopic", build=_attributes, built=("kmsMasterKeyId",)),
        read=Call("GetTopicAttributes", _TOPIC, result="attributes"),
        updates=(
            Call(
                "SetTopicAttributes",
                _TOPIC | {"AttributeName": "KmsMasterKeyId"},
                build=_key,
                built=("kmsMasterKeyId",),
            ),
        ),
        delete=(Call("DeleteTopic", _TOPIC),),
        tagging=tagging(_TAGGED, read="ListTagsForResource"),
        reads={"kmsMasterKeyId": "KmsMasterKeyId", "owner": "Owner"},
        computed={"arn": "{id}"},
        name="name",
        longest_name=256,
    ),
    "TopicSubscription": ResourceType(
        service="sns",
        id="{subscriptionArn}",
        create=Call("Subscribe", {"TopicArn": "{topic}", "ReturnSubscriptionArn": True}),
        read=Call("GetSubscriptionAttributes", {"SubscriptionArn": "{id}"}, result="attributes"),
        delete=(Call("Unsubscribe", {"SubscriptionArn": "{id}"}),),
        computed={"arn": "{id}"},
    ),
}
