"""What the content service is told by its environment; where S3 is and who asks, botocore reads itself."""

from typing import Annotated

from pydantic import StringConstraints

from boutique_runtime.settings import ServiceSettings

BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
"""Source: Amazon S3 user guide, bucket naming rules."""

Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
"""Such as eu-central-1."""


class ContentSettings(ServiceSettings):
    pictures_bucket: BucketName
    aws_region: Region
    """botocore itself has another name for this variable, which AWS sets in no pod."""
