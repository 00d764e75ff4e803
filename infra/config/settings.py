"""A stack's settings file, `stacks/Pulumi.<stack>.yaml`.

A stack sets either `local` or `aws`, which decides where everything runs. `shop` is the same for both.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import model_validator

from boutique_definition.validation import FileModel, read_yaml, validated
from infra.config.aws import AwsSettings
from infra.config.local import LocalSettings
from infra.config.shop import ShopSettings

STACKS = Path(__file__).parents[2] / "stacks"


class Settings(FileModel):
    """The settings of a stack. Exactly one of `local` and `aws` is set."""

    local: LocalSettings | None = None
    aws: AwsSettings | None = None
    shop: ShopSettings = ShopSettings()

    @model_validator(mode="after")
    def _one_platform(self) -> Self:
        if (self.local is None) == (self.aws is None):
            raise ValueError("set exactly one of boutique:local and boutique:aws")
        return self

    @property
    def platform(self) -> LocalSettings | AwsSettings:
        """The one of `local` and `aws` that is set."""
        return self.local or self.aws  # type: ignore[return-value] # see _one_platform

    def exposed(self) -> tuple[tuple[str, ...], Mapping[str, object]]:
        """Returns the path of the setting that exposes external services, and its value by service."""
        match self.platform:
            case LocalSettings(node_ports=ports):
                return ("local", "nodePorts"), ports
            case AwsSettings(dns=dns):
                return ("aws", "dns", "hosts"), dns.hosts

    def addresses(self) -> dict[str, str]:
        """Returns the URL at which each external service is reached."""
        match self.platform:
            case LocalSettings(node_ports=ports):
                return {service: f"http://localhost:{port}" for service, port in ports.items()}
            case AwsSettings(dns=dns):
                return {service: f"https://{dns.host(service)}" for service in dns.hosts}


def read_settings(stack: str, stacks: Path = STACKS) -> dict[str, Any]:
    """Returns what the stack's file sets for this project, unchecked, by key.

    Raises:
        ConfigError: The file is missing or is not YAML.
    """
    content = read_yaml(stacks / f"Pulumi.{stack}.yaml") or {}
    return {key.removeprefix("boutique:"): value for key, value in content.get("config", {}).items()}


def check_settings(stack: str, content: Mapping[str, Any]) -> Settings:
    """Returns the typed settings.

    Raises:
        ConfigError: The settings are wrong; the message has a line for each error.
    """
    return validated(Settings, content, lambda path: setting(stack, *path))


def setting(stack: str, *path: int | str) -> str:
    """Returns the file and the key of a setting, as error messages name it."""
    file = f"stacks/Pulumi.{stack}.yaml"
    return f"{file}: boutique:{'.'.join(map(str, path))}" if path else file
