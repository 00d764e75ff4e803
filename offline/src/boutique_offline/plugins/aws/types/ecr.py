"""Image repositories."""

from typing import Final

from boutique_offline.plugins.aws.table import Call, ResourceType, tagging

_NAME: Final = {"repositoryName": "{name}"}
_OF_REPOSITORY: Final = {"repositoryName": "{repository}"}
_ARN: Final = {"resourceArn": "{arn}"}

TYPES: Final = {
    "Repository": ResourceType(
        service="ecr",
        id="{name}",
        create=Call("CreateRepository", result="repository"),
        read=Call("DescribeRepositories", {"repositoryNames": ["{name}"]}, result="repositories[0]"),
        updates=(
            Call(
                "PutImageTagMutability",
                _NAME,
                takes=("imageTagMutability", "imageTagMutabilityExclusionFilters"),
                whole=True,
            ),
            Call("PutImageScanningConfiguration", _NAME, takes=("imageScanningConfiguration",)),
        ),
        delete=(Call("DeleteRepository", _NAME, takes=("forceDelete",)),),
        tagging=tagging(_ARN, read="ListTagsForResource"),
        members={
            "name": "repositoryName",
            "encryptionConfigurations": "encryptionConfiguration",
            "encryptionConfigurations.kmsKey": "kmsKey",
            "forceDelete": "force",
        },
        reads={"arn": "repositoryArn", "repositoryUrl": "repositoryUri"},
        name="name",
        longest_name=256,
        holds_data=True,
    ),
    "LifecyclePolicy": ResourceType(
        service="ecr",
        id="{repository}",
        create=Call("PutLifecyclePolicy"),
        read=Call("GetLifecyclePolicy", _OF_REPOSITORY),
        updates=(Call("PutLifecyclePolicy", _OF_REPOSITORY, takes=("policy",)),),
        delete=(Call("DeleteLifecyclePolicy", _OF_REPOSITORY),),
        members={"policy": "lifecyclePolicyText", "repository": "repositoryName"},
        unique=True,
    ),
}
