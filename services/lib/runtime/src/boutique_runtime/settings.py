"""The typed settings of a service, read from environment variables."""

import os
import sys
from typing import Annotated, Any, Literal, NoReturn, TypeVar

from pydantic import BaseModel, Field, StringConstraints, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

HostAndPort = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]+:[0-9]{1,5}$")]
"""An address such as `cart:7070`, as Online Boutique writes the addresses of its services."""

SecretArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+$")]
"""Source: AWS Secrets Manager user guide, the ARN of a secret."""


class ServiceSettings(BaseSettings):
    """The settings of every service. A field `port` is read from the variable `PORT`.

    A field whose type is a model reads its values from variables with the field's name as their prefix: `redis` reads
    REDIS_ADDR into `redis.addr`.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,
        env_nested_delimiter="_",
        env_nested_max_split=1,
    )

    port: int = Field(default=8080, ge=1, le=65535)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    shutdown_grace_seconds: float = Field(default=20, ge=0, description="For calls in progress at SIGTERM.")

    @model_validator(mode="before")
    @classmethod
    def _fill_in_models(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Makes errors name each missing variable of a model, even if none of them is set."""
        types = {name: field.annotation for name, field in cls.model_fields.items() if field.is_required()}
        models = [name for name, kind in types.items() if isinstance(kind, type) and issubclass(kind, BaseModel)]
        return {**{name: {} for name in models}, **values}


Settings = TypeVar("Settings", bound=ServiceSettings)


def load_settings(settings_type: type[Settings]) -> Settings:
    """Reads the settings. Exits with status 78 (EX_CONFIG) and a line for each invalid variable."""
    try:
        return settings_type()
    except ValidationError as error:
        _exit(error)


def _exit(error: ValidationError) -> NoReturn:
    for problem in error.errors(include_url=False, include_input=False):
        variable = "_".join(part.upper() for part in problem["loc"] if isinstance(part, str))
        # A model does not know the prefix of its variables, and names them by an asterisk.
        print(f"{variable or 'environment'}: {problem['msg'].replace('*_', f'{variable}_')}", file=sys.stderr)
    sys.exit(os.EX_CONFIG)
