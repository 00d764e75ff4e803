"""The contract as clients and servers of other implementations know it, compiled from contract.proto.

Its messages have the same names as the shop's own, so they are in a separate descriptor pool.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

ADDRESSES = {
    "AdService": ("AD_SERVICE_ADDR", 9555),
    "CartService": ("CART_SERVICE_ADDR", 7070),
    "CheckoutService": ("CHECKOUT_SERVICE_ADDR", 5050),
    "CurrencyService": ("CURRENCY_SERVICE_ADDR", 7000),
    "EmailService": ("EMAIL_SERVICE_ADDR", 8080),
    "PaymentService": ("PAYMENT_SERVICE_ADDR", 50051),
    "ProductCatalogService": ("PRODUCT_CATALOG_SERVICE_ADDR", 3550),
    "RecommendationService": ("RECOMMENDATION_SERVICE_ADDR", 8080),
    "ShippingService": ("SHIPPING_SERVICE_ADDR", 50051),
}
"""The environment variable that contains a service's address, and the default port of the service."""

PRICES = {
    "OLJCESPC7Z": ("Sunglasses", 19, 990_000_000),
    "66VCHSJNUP": ("Tank Top", 18, 990_000_000),
    "1YMWWN1N4O": ("Watch", 109, 990_000_000),
    "L9ECAV7KIM": ("Loafers", 89, 990_000_000),
    "2ZYFJ3GM2N": ("Hairdryer", 24, 990_000_000),
    "0PUK6V6EV0": ("Candle Holder", 18, 990_000_000),
    "LS4PSXUNUM": ("Salt & Pepper Shakers", 18, 490_000_000),
    "9SIQT8TOJO": ("Bamboo Glass Jar", 5, 490_000_000),
    "6E92ZMYYFZ": ("Mug", 8, 990_000_000),
}
"""The name of each product, and the units and nanos of its price in USD, by product id."""

Method = Callable[[Any, grpc.ServicerContext], Mapping[str, Any]]


class Contract:
    """The compiled contract.

    Args:
        directory: A directory for the compiled file.
    """

    def __init__(self, directory: Path) -> None:
        source = Path(__file__).with_name("contract.proto")
        compiled = directory / "contract.binpb"
        command = [sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={source.parent}"]
        subprocess.run([*command, f"--descriptor_set_out={compiled}", source.name], check=True)
        pool = DescriptorPool()
        for proto in FileDescriptorSet.FromString(compiled.read_bytes()).file:
            pool.Add(proto)
        file = pool.FindFileByName(source.name)
        self.services = dict(file.services_by_name)
        self.methods: dict[str, MethodDescriptor] = {
            method.name: method for service in self.services.values() for method in service.methods
        }

    def request(self, method: str, fields: Mapping[str, Any]) -> Any:
        """Returns a request message of the method."""
        return GetMessageClass(self.methods[method].input_type)(**fields)

    def handlers(self, implementations: Mapping[str, Method]) -> list[grpc.GenericRpcHandler]:
        """Returns a handler for each service. Methods without an implementation are UNIMPLEMENTED."""
        return [
            grpc.method_handlers_generic_handler(
                service.full_name,
                {m.name: _handler(m, implementations[m.name]) for m in service.methods if m.name in implementations},
            )
            for service in self.services.values()
        ]


def _handler(method: MethodDescriptor, implementation: Method) -> grpc.RpcMethodHandler[Any, Any]:
    response = GetMessageClass(method.output_type)
    return grpc.unary_unary_rpc_method_handler(
        lambda request, context: response(**implementation(request, context)),
        request_deserializer=GetMessageClass(method.input_type).FromString,
        response_serializer=response.SerializeToString,
    )


@dataclass(frozen=True)
class Client:
    """Calls the methods of the contract, each through the channel of its service."""

    contract: Contract
    channels: Mapping[str, grpc.Channel]

    def __call__(self, method: str, fields: Mapping[str, Any] = {}, metadata: tuple[tuple[str, str], ...] = ()) -> Any:
        """Returns the response.

        Raises:
            grpc.RpcError: The call failed.
        """
        return self.send(method, self.contract.request(method, fields).SerializeToString(), metadata)

    def send(self, method: str, request: bytes, metadata: tuple[tuple[str, str], ...] = ()) -> Any:
        """Calls the method with a serialized request, and returns the response."""
        descriptor = self.contract.methods[method]
        service = descriptor.containing_service
        rpc = self.channels[service.name].unary_unary(
            f"/{service.full_name}/{method}",
            request_serializer=bytes,
            response_deserializer=GetMessageClass(descriptor.output_type).FromString,
        )
        return rpc(request, timeout=20, metadata=metadata)

    def refusal(self, method: str, fields: Mapping[str, Any]) -> tuple[grpc.StatusCode, str]:
        """Returns the status code and the message of a call that has to fail."""
        try:
            response = self(method, fields)
        except grpc.RpcError as error:
            return error.code(), str(error.details())
        raise AssertionError(f"{method} did not fail: {response}")
