"""The kinds of stores, as services reach them, and the environment variables that services read.

A value is a string, or a type that has one later, such as a Pulumi output.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True)
class Password(Generic[Value]):
    """A user name and a password that the deployment knows."""

    username: Value
    password: Value


@dataclass(frozen=True)
class SecretArn(Generic[Value]):
    """A secret of AWS Secrets Manager whose JSON has "username" and "password". Services read it at run time."""

    arn: Value


Login = Password[Value] | SecretArn[Value]


@dataclass(frozen=True)
class Tls(Generic[Value]):
    """Connections use TLS.

    Args:
        ca_certificate: The PEM content of a CA to trust in addition to the system's.
    """

    ca_certificate: Value | None = None


@dataclass(frozen=True)
class Redis(Generic[Value]):
    """A Redis server. Addresses are "host:port"."""

    address: Value
    login: Login[Value]
    replica_address: Value | None = None
    tls: Tls[Value] | None = None


@dataclass(frozen=True)
class Postgres(Generic[Value]):
    """A database on a Postgres server. Addresses are "host:port"."""

    address: Value
    database: Value
    login: Login[Value]
    replica_address: Value | None = None
    tls: Tls[Value] | None = None


@dataclass(frozen=True)
class S3Endpoint(Generic[Value]):
    """A server other than AWS that speaks S3's API."""

    url: Value
    login: Password[Value]


@dataclass(frozen=True)
class Bucket(Generic[Value]):
    """A bucket.

    Args:
        endpoint: None for S3 itself, where pods have access by their role.
    """

    name: Value
    region: str
    endpoint: S3Endpoint[Value] | None = None


Store = Postgres[Value] | Redis[Value] | Bucket[Value]


def plain_variables(prefix: str, store: Store[Value], ca_file: str) -> dict[str, str | Value]:
    """Returns the variables of a store that are not secret.

    Args:
        prefix: The beginning of their names, such as REDIS.
        ca_file: The path at which the service finds the store's CA certificate.
    """
    variables: dict[str, str | Value | None]
    if isinstance(store, Bucket):
        endpoint = store.endpoint
        variables = {
            "BUCKET": store.name,
            "REGION": store.region,
            "ENDPOINT_URL": endpoint.url if endpoint else None,
            "ACCESS_KEY_ID": endpoint.login.username if endpoint else None,
        }
    else:
        login = store.login
        variables = {
            "ADDR": store.address,
            "REPLICA_ADDR": store.replica_address,
            "DATABASE": store.database if isinstance(store, Postgres) else None,
            "USERNAME": login.username if isinstance(login, Password) else None,
            "SECRET": login.arn if isinstance(login, SecretArn) else None,
            "TLS": str(store.tls is not None).lower(),
            "CA_CERTIFICATE": ca_file if store.tls and store.tls.ca_certificate is not None else None,
        }
    return {f"{prefix}_{name}": value for name, value in variables.items() if value is not None}


def secret_variables(prefix: str, store: Store[Value]) -> dict[str, Value]:
    """Returns the variables of a store that are secret."""
    if isinstance(store, Bucket):
        return {f"{prefix}_SECRET_ACCESS_KEY": store.endpoint.login.password} if store.endpoint else {}
    return {f"{prefix}_PASSWORD": store.login.password} if isinstance(store.login, Password) else {}
