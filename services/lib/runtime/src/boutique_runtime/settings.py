"""A service's settings, typed, from its environment variables."""

import os
import sys
from typing import Annotated, Literal, NoReturn, TypeVar

from pydantic import Field, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

HostAndPort = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]+:[0-9]{1,5}$")]
"""An address such as `cart:7070`, the form in which Online Boutique names its services."""

SecretArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+$")]
"""Source: AWS Secrets Manager user guide, the ARN of a secret."""


class ServiceSettings(BaseSettings):
    """What every service can be told. A field `port` is read from the variable `PORT`."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, hide_input_in_errors=True)

    port: int = Field(default=8080, ge=1, le=65535)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    shutdown_grace_seconds: float = Field(default=20, ge=0, description="For calls under way at SIGTERM.")


Settings = TypeVar("Settings", bound=ServiceSettings)


def load_settings(settings_type: type[Settings]) -> Settings:
    """Reads the settings, or ends the process with status 78 (EX_CONFIG) and a line for each variable at fault."""
    try:
        return settings_type()
    except ValidationError as error:
        _exit(error)


def _exit(error: ValidationError) -> NoReturn:
    for problem in error.errors(include_url=False, include_input=False):
        variable = str(problem["loc"][0]).upper() if problem["loc"] else "environment"
        print(f"{variable}: {problem['msg']}", file=sys.stderr)
    sys.exit(os.EX_CONFIG)
