"""The content service's settings, read from environment variables."""

from typing import Annotated

from pydantic import BaseModel, SecretStr, StringConstraints

from boutique_runtime.settings import ServiceSettings

BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
"""Source: Amazon S3 user guide, bucket naming rules."""

Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
"""An AWS region, such as eu-central-1."""


class BucketSettings(BaseModel, frozen=True, hide_input_in_errors=True):
    """The settings of a bucket. Without an endpoint and an access key, botocore finds S3 and the pod's role itself."""

    bucket: BucketName
    region: Region
    endpoint_url: str | None = None
    access_key_id: str | None = None
    secret_access_key: SecretStr | None = None


class ContentSettings(ServiceSettings):
    """The settings of the content service."""

    pictures: BucketSettings
