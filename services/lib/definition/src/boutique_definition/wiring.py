"""The environment variables that a service is started with, wherever it runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic

from boutique_definition import stores as store_wiring
from boutique_definition.service_file import ServiceFile
from boutique_definition.stores import Store, Value


@dataclass(frozen=True)
class Variables(Generic[Value]):
    """The environment variables of a service by name, with secrets in a separate mapping."""

    plain: dict[str, str | Value]
    secret: dict[str, Value]


def service_variables(
    service: ServiceFile,
    calls: Mapping[str, str],
    stores: Mapping[str, Store[Value]],
    ca_directory: str = "",
) -> Variables[Value]:
    """Returns the variables that follow from the service's file, except those with random values.

    Args:
        calls: The address ("host:port") of each service that it calls, by the variable that holds it.
        stores: The stores that it needs, by name.
        ca_directory: The directory in which it finds CA certificates, see `ca_file`.
    """
    plain: dict[str, str | Value] = dict(calls)
    secret: dict[str, Value] = {}
    for name, prefix in service.stores.items():
        of_store = store_wiring.plain_variables(prefix, stores[name], f"{ca_directory}/{ca_file(name)}")
        plain.update(of_store)
        secret |= store_wiring.secret_variables(prefix, stores[name])
    return Variables({**plain, **service.environment}, secret)


def ca_file(store: str) -> str:
    """Returns the name of the file with a store's CA certificate."""
    return f"{store}.pem"
