"""Which platform a stack has: its settings say so."""

from collections.abc import Mapping
from pathlib import Path

from boutique_definition.service_file import ServiceFile
from infra.local import create_local_platform
from infra.platform import Platform
from infra.settings import LocalSettings, Settings

_PICTURES = Path(__file__).parent.parent / "pictures"


def create_platform(
    stack: str, settings: Settings, services: Mapping[str, ServiceFile], images: Mapping[str, str]
) -> Platform:
    """Raises MistakeError where an environment on AWS can't be as its settings say."""
    if isinstance(settings.platform, LocalSettings):
        return create_local_platform(settings.platform, settings.shop.namespace, images)
    # AWS' part of the SDK takes seconds to load, which a stack without it should not wait for.
    from infra.aws.platform import AwsPlatformArgs, create_aws_platform  # noqa: PLC0415

    return create_aws_platform(AwsPlatformArgs(stack, settings.platform, settings.shop.namespace, services, _PICTURES))
