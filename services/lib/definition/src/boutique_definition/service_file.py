"""The file `services/<name>/service.yaml`, in which a service describes itself."""

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

OutsideAddress = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+:[0-9]{1,5}$")]


class Size(FileModel):
    """The CPU request, and the memory request, which is also the memory limit."""

    cpu: CpuQuantity
    memory: MemoryQuantity


class Scaling(FileModel):
    """Replicas follow the load, up to `maximum`, to keep CPU use at `cpu` percent of what is requested."""

    maximum: int = Field(ge=2, le=50)
    cpu: int = Field(ge=10, le=100)


class ServiceFile(FileModel):
    """The content of a service.yaml."""

    description: str = Field(min_length=1)
    protocol: Literal["grpc", "http", "none"]
    port: int | None = Field(default=None, ge=1024, le=65535)
    address_variable: VariableName | None = Field(
        default=None, description="The variable in which its callers find its address."
    )
    external: bool = Field(default=False, description="Whether it is reached from outside the cluster.")
    calls: list[DnsLabel] = Field(default=[], description="Services that it calls.")
    stores: dict[DnsLabel, VariableName] = Field(
        default={}, description="Stores that it needs, each with the prefix of its variables, such as REDIS."
    )
    migration: bool = Field(
        default=False, description="Whether `python3 -m boutique_<name>.migration` prepares its stores before it runs."
    )
    environment: dict[VariableName, str] = Field(default={})
    secrets: list[VariableName] = Field(
        default=[], description="Variables with random values, which are generated once for each stack."
    )
    programs: list[DnsLabel] = Field(
        default=[],
        description="Tools of dev/toolchain/versions.toml that its image has in `bin`.",
    )
    egress: list[OutsideAddress] = Field(default=[], description="Addresses outside the cluster that it connects to.")
    pictures: Path | None = Field(
        default=None,
        description="The folder of product pictures, in the service's own folder. Exactly one service sets it.",
    )
    size: Size
    replicas: int = Field(default=1, ge=0, le=50)
    scaling: Scaling | None = None


def package_name(service: str) -> str:
    """Returns the name of the service's Python package, which `python3 -m` runs."""
    return f"boutique_{service.replace('-', '_')}"


def load_service_files(folder: Path) -> dict[str, ServiceFile]:
    """Returns every service in the folder, by name, in alphabetical order.

    Raises:
        ConfigError: A file is wrong; the message has a line for each error.
    """
    files = {path.parent.name: path for path in sorted(folder.glob("*/service.yaml"))}
    services = {name: _read(path) for name, path in files.items()}
    errors = [f"{_shown(files[name])}: {error}" for name in services for error in _errors(name, services)]
    if errors:
        raise ConfigError("\n".join(errors))
    return services


def _read(path: Path) -> ServiceFile:
    file = validated(ServiceFile, read_yaml(path), lambda key: f"{_shown(path)}: {'.'.join(map(str, key))}")
    return file.model_copy(update={"pictures": path.parent / file.pictures}) if file.pictures else file


def _shown(path: Path) -> str:
    return "/".join(path.parts[-3:])


def _errors(name: str, services: Mapping[str, ServiceFile]) -> list[str]:
    service = services[name]
    found = []
    if service.protocol != "none" and (service.port is None or service.address_variable is None):
        found.append(f"port, addressVariable: required where protocol is {service.protocol}")
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
