"""Reads from the emulated account which stores exist and how to log in to them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from boutique_offline.plugins.aws.configuration import account_endpoint
from boutique_runtime.credentials import Credentials

_CONFIG = Config(retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=10)


@dataclass(frozen=True)
class Endpoint:
    """An address that the account gives to clients of a store."""

    host: str
    port: int


@dataclass(frozen=True)
class PostgresDescription:
    """A database. `replicas` has the endpoints of read replicas by their identifiers."""

    name: str
    credentials: Credentials
    database: str
    primary: Endpoint
    replicas: Mapping[str, Endpoint]

    @property
    def endpoints(self) -> list[Endpoint]:
        """Returns all endpoints of the store."""
        return [self.primary, *self.replicas.values()]


@dataclass(frozen=True)
class RedisDescription:
    """A cache. `readers` is the common endpoint of the replicas, if the replication group has one."""

    name: str
    credentials: Credentials
    primary: Endpoint
    readers: Endpoint | None
    replicas: int

    @property
    def endpoints(self) -> list[Endpoint]:
        """Returns all endpoints of the store."""
        return [self.primary, *([self.readers] if self.readers else [])]


Description = PostgresDescription | RedisDescription


class ManagedStores:
    """The stores of a region in the account at BOUTIQUE_AWS_ENDPOINT.

    Raises PluginError if that variable does not name an address of this machine.
    """

    def __init__(self, region: str) -> None:
        session = boto3.Session(
            aws_access_key_id="rehearsal",
            aws_secret_access_key="rehearsal",  # noqa: S106 (the emulator accepts any)
            region_name=region,
        )
        endpoint = account_endpoint()
        self._rds = session.client("rds", endpoint_url=endpoint, config=_CONFIG)
        self._elasticache = session.client("elasticache", endpoint_url=endpoint, config=_CONFIG)
        self._secrets_manager = session.client("secretsmanager", endpoint_url=endpoint, config=_CONFIG)

    def describe(self) -> dict[str, Description]:
        """Returns the stores by name. A store counts as soon as the secret of its name exists.

        Raises BotoCoreError or ClientError if the account does not respond.
        """
        described: list[Description] = [*self._databases(), *self._caches()]
        return {description.name: description for description in described}

    def _databases(self) -> Iterator[PostgresDescription]:
        instances = self._rds.describe_db_instances()["DBInstances"]
        for instance in instances:
            name = instance["DBInstanceIdentifier"]
            if _primary_of(instance) or (credentials := self._credentials(name)) is None:
                continue
            replicas = {
                replica["DBInstanceIdentifier"]: _endpoint(replica["Endpoint"])
                for replica in instances
                if _primary_of(replica) == name
            }
            yield PostgresDescription(name, credentials, instance["DBName"], _endpoint(instance["Endpoint"]), replicas)

    def _caches(self) -> Iterator[RedisDescription]:
        for group in self._elasticache.describe_replication_groups()["ReplicationGroups"]:
            name = group["ReplicationGroupId"]
            if (credentials := self._credentials(name)) is None:
                continue
            (shard,) = group["NodeGroups"]
            yield RedisDescription(
                name,
                credentials,
                _endpoint(shard["PrimaryEndpoint"]),
                _endpoint(shard["ReaderEndpoint"]) if "ReaderEndpoint" in shard else None,
                len(group["MemberClusters"]) - 1,
            )

    def _credentials(self, name: str) -> Credentials | None:
        try:
            content = json.loads(self._secrets_manager.get_secret_value(SecretId=name)["SecretString"])
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise
        return Credentials(content["username"], content["password"])


def _primary_of(instance: Any) -> str:
    """Returns the identifier of a replica's primary, and "" for a primary."""
    return str(instance.get("ReadReplicaSourceDBInstanceIdentifier", "")).rpartition(":")[2]


def _endpoint(endpoint: Any) -> Endpoint:
    return Endpoint(endpoint["Address"], endpoint["Port"])
