"""A stack's settings, `stacks/Pulumi.<stack>.yaml`, typed and checked before anything is touched."""

from typing import Annotated, Any, Literal

import pulumi
from pydantic import Field

from boutique_definition.validation import DnsLabel, FileModel, VariableName, validated
from infra.images import ImageReference

Replicas = Annotated[int, Field(ge=0, le=50)]


class ClusterSettings(FileModel):
    """`kubeconfig`: the cluster that the environment's KUBECONFIG leads to."""

    provider: Literal["kubeconfig"]


class StoreSettings(FileModel):
    """`charts`: Redis and Postgres run beside the shop, from charts/."""

    provider: Literal["charts"]


class ServiceOverride(FileModel):
    """What this environment sets otherwise than the service's own service.yaml."""

    replicas: Replicas | None = None
    image: ImageReference | None = None
    environment: dict[VariableName, str] = Field(default={})


class ShopSettings(FileModel):
    namespace: DnsLabel = "boutique"
    node_port: int = Field(ge=30000, le=32767)
    services: dict[DnsLabel, ServiceOverride] = Field(default={})


class Settings(FileModel):
    cluster: ClusterSettings
    stores: StoreSettings
    shop: ShopSettings


def load_settings(stack: str) -> Settings:
    """Reads the running program's stack configuration. Raises boutique_definition.validation.MistakeError."""
    config = pulumi.Config()
    content: dict[str, Any] = {
        key: value for key in Settings.model_fields if (value := config.get_object(key)) is not None
    }
    return check_settings(stack, content)


def check_settings(stack: str, content: dict[str, Any]) -> Settings:
    """Raises boutique_definition.validation.MistakeError with a line for each setting at fault."""
    return validated(
        Settings,
        content,
        lambda path: f"stacks/Pulumi.{stack}.yaml: boutique:{'.'.join(map(str, path))}",
    )
