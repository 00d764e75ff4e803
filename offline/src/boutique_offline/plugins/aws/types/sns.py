"""Topics and their subscriptions."""

from typing import Final

from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType, tagging

_TOPIC: Final = {"TopicArn": "{id}"}
_TAGGED: Final = {"ResourceArn": "{id}"}


def _attributes(topic: Properties, _: Properties) -> Arguments:
    names = {"displayName": "DisplayName", "kmsMasterKeyId": "KmsMasterKeyId"}
    attributes = {member: topic[name] for name, member in names.items() if topic.get(name)}
    return {"Attributes": attributes} if attributes else {}


def _set_attribute(attribute: str, name: str) -> Call:
    """Returns the call that sets an attribute of a topic to a property."""
    return Call(
        "SetTopicAttributes",
        _TOPIC | {"AttributeName": attribute},
        build=lambda properties, _: {"AttributeValue": properties.get(name, "")},
        built=(name,),
    )


TYPES: Final = {
    "Topic": ResourceType(
        service="sns",
        id="{topicArn}",
        create=Call("CreateTopic", build=_attributes, built=("displayName", "kmsMasterKeyId")),
        read=Call("GetTopicAttributes", _TOPIC, result="attributes"),
        updates=(
            _set_attribute("KmsMasterKeyId", "kmsMasterKeyId"),
            _set_attribute("DisplayName", "displayName"),
        ),
        delete=(Call("DeleteTopic", _TOPIC),),
        tagging=tagging(_TAGGED, read="ListTagsForResource"),
        reads={"kmsMasterKeyId": "KmsMasterKeyId", "displayName": "DisplayName", "owner": "Owner"},
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
