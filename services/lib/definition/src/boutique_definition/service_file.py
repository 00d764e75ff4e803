"""What a service says about itself in `services/<name>/service.yaml`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from boutique_definition.validation import (
    ConfigError,
    CpuQuantity,
    DnsLabel,
    FileModel,
    MemoryQuantity,
    VariableName,
    read_yaml,
    validated,
)

StoreFact = Literal[
    "address",
    "replicaAddress",
    "username",
    "password",
    "secret",
    "database",
    "tls",
    "authority",
    "endpoint",
    "region",
    "bucket",
]
"""What a service may ask of a store: where it is, and how to log in. A variable whose fact a store lacks is not set.

Of a database: "host:port" of the primary and of the read replica; a password, or a secret, which is the ARN of a secret
of AWS Secrets Manager that is read at run time; an authority, which is the path of a PEM file. Of a bucket: its name,
its region and, where that is not S3 itself, the URL of what serves it.
"""

OutsideAddress = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+:[0-9]{1,5}$")]


class Size(FileModel):
    """`cpu` is requested, `memory` is requested and the limit."""

    cpu: CpuQuantity
    memory: MemoryQuantity


class Scaling(FileModel):
    """Replicas follow the load, up to `maximum`, to keep to `cpu` percent of the requested CPU."""

    maximum: int = Field(ge=2, le=50)
    cpu: int = Field(ge=10, le=100)


class ServiceFile(FileModel):
    description: str = Field(min_length=1)
    protocol: Literal["grpc", "http", "none"]
    port: int | None = Field(default=None, ge=1024, le=65535)
    address_variable: VariableName | None = Field(default=None, description="How others' environment names it.")
    external: bool = Field(default=False, description="Whether it is reached from outside the cluster.")
    calls: list[DnsLabel] = Field(default=[], description="Services that it calls.")
    stores: dict[DnsLabel, dict[VariableName, StoreFact]] = Field(default={})
    migration: bool = Field(
        default=False, description="Whether `python3 -m boutique_<name>.migration` prepares its stores before it runs."
    )
    environment: dict[VariableName, str] = Field(default={})
    secrets: list[VariableName] = Field(
        default=[], description="Variables with random values, each made once for an environment."
    )
    programs: list[DnsLabel] = Field(
        default=[],
        description="Tools that its image has beside its package, in `bin`; see dev/toolchain/versions.toml.",
    )
    egress: list[OutsideAddress] = Field(default=[], description="What it reaches outside the cluster.")
    size: Size
    replicas: int = Field(default=1, ge=0, le=50)
    scaling: Scaling | None = None


def package_name(service: str) -> str:
    """Of the service's Python package: `python3 -m` runs it."""
    return f"boutique_{service.replace('-', '_')}"


def load_service_files(folder: Path) -> dict[str, ServiceFile]:
    """Every service in `folder`, by its name, in alphabetical order. Raises ConfigError."""
    files = {path.parent.name: path for path in sorted(folder.glob("*/service.yaml"))}
    services = {name: _read(path) for name, path in files.items()}
    mistakes = [f"{_shown(files[name])}: {mistake}" for name in services for mistake in _mistakes(name, services)]
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return services


def _read(path: Path) -> ServiceFile:
    return validated(ServiceFile, read_yaml(path), lambda key: f"{_shown(path)}: {'.'.join(map(str, key))}")


def _shown(path: Path) -> str:
    return "/".join(path.parts[-3:])


def _mistakes(name: str, services: Mapping[str, ServiceFile]) -> list[str]:
    service = services[name]
    found = []
    if service.protocol != "none" and (service.port is None or service.address_variable is None):
        found.append(f"port, addressVariable: needed where protocol is {service.protocol}")
    for called in service.calls:
        if called not in services:
            found.append(f"calls: {called!r}: must be one of {', '.join(services)}")
        elif services[called].protocol == "none":
            found.append(f"calls: {called!r}: serves nothing (its protocol is none)")
    if service.migration and not service.stores:
        found.append("migration: true: only with stores, which it prepares")
    if service.external and service.protocol != "http":
        found.append(f"external: true: only with protocol http, not {service.protocol}")
    return found
