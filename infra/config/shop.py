"""A stack's changes to the shop's services. They are the same on every platform."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from boutique_definition.validation import DnsLabel, FileModel, VariableName
from infra.config.images import ImageReference

StoreKind = Literal["bucket", "postgres", "redis"]

STORES: Mapping[str, StoreKind] = {
    "cart-data": "redis",
    "pictures": "bucket",
    "product-data": "postgres",
    "session-data": "redis",
}
"""The stores that a service file may name. Every platform provides them all."""

Replicas = Annotated[int, Field(ge=0, le=50)]


class ServiceOverride(FileModel):
    """Values that replace those of a service's own service.yaml in this stack."""

    replicas: Replicas | None = None
    image: ImageReference | None = None
    environment: dict[VariableName, str] = Field(default={})


class ShopSettings(FileModel):
    """The settings under `boutique:shop`. `services` has overrides by service."""

    namespace: DnsLabel = "boutique"
    services: dict[DnsLabel, ServiceOverride] = Field(default={})
