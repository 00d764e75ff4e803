"""Calls operations of AWS services in the emulated account."""

import asyncio
import threading
from collections.abc import Mapping
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, WaiterError
from botocore.model import OperationModel, StructureShape

from boutique_offline.plugins.serving import PluginError

# The emulated account accepts any credentials.
_ACCESS_KEY: Final = "rehearsal"
_CONFIG: Final = Config(
    retries={"total_max_attempts": 2, "mode": "standard"},
    s3={"addressing_style": "path"},
    connect_timeout=10,
    read_timeout=60,
    max_pool_connections=16,
    proxies={},
)
_WAIT_SECONDS: Final = 0.5
_WAIT_ATTEMPTS: Final = 240


class ApiError(PluginError):
    """Raised when AWS rejects a call. `code` is, for example, `InvalidVpcID.NotFound`."""

    def __init__(self, operation: str, code: str, message: str) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.code = code

    @property
    def not_found(self) -> bool:
        """Returns whether the resource does not exist."""
        return any(word in self.code for word in ("NotFound", "NoSuch", "Absent"))


class Api:
    """Clients of services, created on first use, since each reads a model of some megabytes."""

    def __init__(self, endpoint: str, region: str) -> None:
        self.region = region
        self._endpoint = endpoint
        self._session = botocore.session.get_session()
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def input(self, service: str, operation: str) -> StructureShape:
        """Returns the members of the operation's request."""
        return self._model(service, operation).input_shape or StructureShape("None", {"members": {}})

    def output(self, service: str, operation: str) -> StructureShape | None:
        """Returns the members of the operation's response, if it has any."""
        return self._model(service, operation).output_shape

    def _model(self, service: str, operation: str) -> OperationModel:
        model: OperationModel = self._client(service).meta.service_model.operation_model(operation)
        return model

    async def call(self, service: str, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Calls an operation. Raises ApiError if AWS rejects it."""
        return await asyncio.to_thread(self._call, service, operation, arguments)

    def _call(self, service: str, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        client = self._client(service)
        try:
            response: dict[str, Any] = client._make_api_call(operation, dict(arguments))  # noqa: SLF001 - by its AWS name
        except ClientError as error:
            details = error.response["Error"]
            raise ApiError(operation, details.get("Code", ""), details.get("Message", "")) from error
        except BotoCoreError as error:
            raise PluginError(f"{operation}: {error}") from error
        return response

    async def wait(self, service: str, waiter: str, arguments: Mapping[str, Any]) -> None:
        """Waits for the waiter's state. Raises PluginError if it is not reached in two minutes."""
        await asyncio.to_thread(self._wait, service, waiter, arguments)

    def _wait(self, service: str, waiter: str, arguments: Mapping[str, Any]) -> None:
        # The emulator delays states by seconds at most, so it is polled often.
        polling = {"Delay": _WAIT_SECONDS, "MaxAttempts": _WAIT_ATTEMPTS}
        try:
            self._client(service).get_waiter(waiter).wait(**arguments, WaiterConfig=polling)
        except WaiterError as error:
            raise PluginError(str(error)) from error

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.create_client(
                    service,
                    region_name=self.region,
                    endpoint_url=self._endpoint,
                    aws_access_key_id=_ACCESS_KEY,
                    aws_secret_access_key=_ACCESS_KEY,
                    config=_CONFIG,
                )
            return self._clients[service]
