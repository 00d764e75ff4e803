"""Which kind of environment a stack is: its settings say so."""

from collections.abc import Mapping

from boutique_definition.pictures import PICTURES
from boutique_definition.service_file import ServiceFile
from infra.environment import Environment
from infra.local import create_local_environment
from infra.settings import LocalSettings, Settings


def create_environment(
    stack: str, settings: Settings, services: Mapping[str, ServiceFile], images: Mapping[str, str]
) -> Environment:
    """Raises ConfigError where an environment on AWS can't be as its settings say."""
    if isinstance(settings.platform, LocalSettings):
        return create_local_environment(settings.platform, settings.shop.namespace, images)
    # AWS' part of the SDK takes seconds to load, which a stack without it should not wait for.
    from infra.aws.environment import AwsEnvironmentArgs, create_aws_environment  # noqa: PLC0415

    return create_aws_environment(
        AwsEnvironmentArgs(stack, settings.platform, settings.shop.namespace, services, PICTURES)
    )
