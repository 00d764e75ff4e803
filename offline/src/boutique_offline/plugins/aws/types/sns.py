"""Topics that carry alarms."""

from typing import Final

from boutique_offline.plugins.aws.table import Arguments, Call, Properties, ResourceType, Tagging

_TOPIC: Final = {"TopicArn": "{id}"}
_TAGGED: Final = {"ResourceArn": "{id}"}


def _attributes(topic: Properties, _: Properties) -> Arguments:
    names = {"displayName": "DisplayName", "kmsMasterKeyId": "KmsMasterKeyId"}
    attributes = {member: topic[name] for name, member in names.items() if topic.get(name)}
    return {"Attributes": attributes} if attributes else {}


TYPES: Final = {
    "Topic": ResourceType(
        service="sns",
        id="{topicArn}",
        create=Call("CreateTopic", build=_attributes, built=("displayName", "kmsMasterKeyId")),
        read=Call("GetTopicAttributes", _TOPIC, answer="attributes"),
        updates=(
            Call(
                "SetTopicAttributes",
                _TOPIC | {"AttributeName": "KmsMasterKeyId"},
                build=lambda topic, _: {"AttributeValue": topic.get("kmsMasterKeyId", "")},
                built=("kmsMasterKeyId",),
            ),
            Call(
                "SetTopicAttributes",
                _TOPIC | {"AttributeName": "DisplayName"},
                build=lambda topic, _: {"AttributeValue": topic.get("displayName", "")},
                built=("displayName",),
            ),
        ),
        delete=(Call("DeleteTopic", _TOPIC),),
        tagging=Tagging(
            add=Call("TagResource", _TAGGED),
            remove=Call("UntagResource", _TAGGED),
            read=Call("ListTagsForResource", _TAGGED),
        ),
        reads={"kmsMasterKeyId": "KmsMasterKeyId", "displayName": "DisplayName", "owner": "Owner"},
        computed={"arn": "{id}"},
        name="name",
        longest_name=256,
    ),
    "TopicSubscription": ResourceType(
        service="sns",
        id="{subscriptionArn}",
        create=Call("Subscribe", {"TopicArn": "{topic}", "ReturnSubscriptionArn": True}),
        read=Call("GetSubscriptionAttributes", {"SubscriptionArn": "{id}"}, answer="attributes"),
        delete=(Call("Unsubscribe", {"SubscriptionArn": "{id}"}),),
        computed={"arn": "{id}"},
    ),
    "TopicPolicy": ResourceType(
        service="sns",
        id="{arn}",
        create=Call(
            "SetTopicAttributes",
            {"TopicArn": "{arn}", "AttributeName": "Policy"},
            build=lambda policy, _: {"AttributeValue": policy["policy"]},
            built=("policy",),
        ),
        read=Call("GetTopicAttributes", {"TopicArn": "{arn}"}, answer="{policy: attributes.Policy}"),
        updates=(
            Call(
                "SetTopicAttributes",
                {"TopicArn": "{arn}", "AttributeName": "Policy"},
                build=lambda policy, _: {"AttributeValue": policy["policy"]},
                built=("policy",),
            ),
        ),
        unique=True,
    ),
}
