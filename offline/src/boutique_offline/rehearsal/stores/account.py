"""The stores that the emulated account says there are, and with what each is logged in to."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from boutique_offline.plugins.aws.configuration import emulator
from boutique_runtime.credentials import Credentials

_CONFIG = Config(retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=10)


@dataclass(frozen=True)
class Endpoint:
    """Where a store is, as its clients are told."""

    host: str
    port: int


@dataclass(frozen=True)
class PostgresDescription:
    """`replicas` has the endpoint of each read replica by its identifier."""

    name: str
    credentials: Credentials
    database: str
    primary: Endpoint
    replicas: Mapping[str, Endpoint]


@dataclass(frozen=True)
class RedisDescription:
    """`readers` is the endpoint of all `replicas` together, where the group has one."""

    name: str
    credentials: Credentials
    primary: Endpoint
    readers: Endpoint | None
    replicas: int


Description = PostgresDescription | RedisDescription


class Account:
    """Of the region, in the account that BOUTIQUE_AWS_ENDPOINT leads to. Raises PluginError where that may not be."""

    def __init__(self, region: str) -> None:
        session = boto3.Session(
            aws_access_key_id="rehearsal",
            aws_secret_access_key="rehearsal",  # noqa: S106 (the emulator takes any)
            region_name=region,
        )
        endpoint = emulator()
        self._rds = session.client("rds", endpoint_url=endpoint, config=_CONFIG)
        self._elasticache = session.client("elasticache", endpoint_url=endpoint, config=_CONFIG)
        self._secrets_manager = session.client("secretsmanager", endpoint_url=endpoint, config=_CONFIG)

    def stores(self) -> dict[str, Description]:
        """By name. A store is there once the secret of its name is.

        Raises botocore.exceptions.BotoCoreError and ClientError where the account does not answer.
        """
        described: list[Description] = [*self._databases(), *self._caches()]
        return {description.name: description for description in described}

    def _databases(self) -> Iterator[PostgresDescription]:
        instances = self._rds.describe_db_instances()["DBInstances"]
        for instance in instances:
            name = instance["DBInstanceIdentifier"]
            if instance.get("ReadReplicaSourceDBInstanceIdentifier"):
                continue
            if (credentials := self._credentials(name)) is None:
                continue
            replicas = {
                one["DBInstanceIdentifier"]: _endpoint(one["Endpoint"])
                for one in instances
                if one.get("ReadReplicaSourceDBInstanceIdentifier", "").rpartition(":")[2] == name
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


def _endpoint(endpoint: Any) -> Endpoint:
    return Endpoint(endpoint["Address"], endpoint["Port"])
