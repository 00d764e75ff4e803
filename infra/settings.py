"""A stack's settings, `stacks/Pulumi.<stack>.yaml`, typed and checked before anything is touched.

A stack sets either `local` or `aws`, and with it where everything runs; `shop` is the same for both.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

import pulumi
from pydantic import Field, model_validator

from boutique_definition.validation import DnsLabel, FileModel, VariableName, read_yaml, validated
from infra.aws.settings import AwsSettings
from infra.images import ImageReference

STACKS = Path(__file__).parent.parent / "stacks"

Replicas = Annotated[int, Field(ge=0, le=50)]
NodePort = Annotated[int, Field(ge=30000, le=32767)]
"""Source: Kubernetes API server, the default of --service-node-port-range."""


class LocalSettings(FileModel):
    """The cluster that the environment's KUBECONFIG leads to, with the stores of charts/ beside the shop.

    `node_ports` has the port of this machine at which each external service answers.
    """

    node_ports: dict[DnsLabel, NodePort]


class ServiceOverride(FileModel):
    """What this environment sets otherwise than the service's own service.yaml."""

    replicas: Replicas | None = None
    image: ImageReference | None = None
    environment: dict[VariableName, str] = Field(default={})


class ShopSettings(FileModel):
    namespace: DnsLabel = "boutique"
    services: dict[DnsLabel, ServiceOverride] = Field(default={})


class Settings(FileModel):
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
        """The one of the two that is set."""
        return self.local or self.aws  # type: ignore[return-value] # see _one_platform

    def exposed(self) -> tuple[tuple[str, ...], Mapping[str, object]]:
        """The path of the setting that says how external services are reached, and what it says by service."""
        match self.platform:
            case LocalSettings(node_ports=ports):
                return ("local", "nodePorts"), ports
            case AwsSettings(dns=dns):
                return ("aws", "dns", "hosts"), dns.hosts


def read_settings(stack: str) -> dict[str, Any]:
    """What the stack's file sets for this project, unchecked, by key. Raises ConfigError where it is no such file."""
    content = read_yaml(STACKS / f"Pulumi.{stack}.yaml") or {}
    return {key.removeprefix("boutique:"): value for key, value in content.get("config", {}).items()}


def load_settings(stack: str) -> Settings:
    """Reads the running program's stack configuration. Raises boutique_definition.validation.ConfigError."""
    config = pulumi.Config()
    content: dict[str, Any] = {
        key: value for key in Settings.model_fields if (value := config.get_object(key)) is not None
    }
    return check_settings(stack, content)


def check_settings(stack: str, content: dict[str, Any]) -> Settings:
    """Raises boutique_definition.validation.ConfigError with a line for each setting at fault."""
    return validated(Settings, content, lambda path: setting(stack, *path))


def setting(stack: str, *path: int | str) -> str:
    """Words that find a setting: its file and its key."""
    file = f"stacks/Pulumi.{stack}.yaml"
    return f"{file}: boutique:{'.'.join(map(str, path))}" if path else file
