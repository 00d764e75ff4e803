"""The variables that a service is started with, wherever it runs."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from boutique_definition.service_file import ServiceFile, StoreFact

Value = TypeVar("Value")


def plain_variables(
    service: ServiceFile,
    services: Mapping[str, ServiceFile],
    address: Callable[[str], str],
    fact: Callable[[str, StoreFact], Value | None],
) -> dict[str, str | Value]:
    """All but the secret ones. `address` answers "host:port" of a service, `fact` what is known of a store."""
    variables: dict[str, str | Value] = {}
    for called in service.calls:
        variables[str(services[called].address_variable)] = address(called)
    for store, facts in service.stores.items():
        known = {variable: fact(store, name) for variable, name in facts.items() if name != "password"}
        variables |= {variable: value for variable, value in known.items() if value is not None}
    return variables | service.environment


def secret_variables(
    service: ServiceFile, password: Callable[[str], Value | None], random: Callable[[str], Value]
) -> dict[str, Value]:
    """Those that must not be seen. `password` answers a store's, `random` the value of one that is made at random."""
    passwords = {
        variable: value
        for store, facts in service.stores.items()
        for variable, name in facts.items()
        if name == "password" and (value := password(store)) is not None
    }
    return passwords | {variable: random(variable) for variable in service.secrets}
