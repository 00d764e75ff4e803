"""Checks of files that people write. Each error is one line: file, key, value, and what is allowed."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

DnsLabel = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]
"""A valid name of a Kubernetes object. Source: RFC 1035, label."""

VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
CpuQuantity = Annotated[str, StringConstraints(pattern=r"^([0-9]+m|[0-9]+(\.[0-9]{1,3})?)$")]
MemoryQuantity = Annotated[str, StringConstraints(pattern=r"^[0-9]+(Ki|Mi|Gi)$")]


class ConfigError(Exception):
    """A file that a person wrote is wrong. The message has a line for each error and needs no stack trace."""


class FileModel(BaseModel):
    """A file that people write, or a part of it. Keys are camel case, as in Kubernetes; unknown keys are errors."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], content: Any, where: Callable[[tuple[int | str, ...]], str]) -> Model:
    """Returns the content as a model.

    Args:
        where: Returns the location that an error names for the path of a key, such as ("size", "cpu").

    Raises:
        ConfigError: The content does not fit the model.
    """
    try:
        return model.model_validate(content, by_alias=True)
    except ValidationError as error:
        lines = [
            f"{where(problem['loc'])}: {_shown(problem)}{problem['msg']}" for problem in error.errors(include_url=False)
        ]
        raise ConfigError("\n".join(lines)) from None


def _shown(problem: Any) -> str:
    if problem["type"] in {"missing", "extra_forbidden"}:
        return ""
    return f"{problem['input']!r}: "


def read_yaml(path: Path) -> Any:
    """Returns the content of the file.

    Raises:
        ConfigError: The file is missing or is not YAML.
    """
    try:
        return yaml.safe_load(path.read_text())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
