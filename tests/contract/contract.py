"""The contract as a client or a server of somebody else's knows it: from contract.proto, compiled here, alone.

Its messages have the names of the shop's own, so they live in a descriptor pool apart from those of this process.
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
"""The variable that tells a service's address to others, and the port on which it listens unless told otherwise."""

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
"""Name, units and nanos of the price in USD, by the id of the product."""

Answer = Callable[[Any, grpc.ServicerContext], Mapping[str, Any]]


class Contract:
    def __init__(self, directory: Path) -> None:
        """Compiles into the directory."""
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
        """The message that the method takes."""
        return GetMessageClass(self.methods[method].input_type)(**fields)

    def handlers(self, answers: Mapping[str, Answer]) -> list[grpc.GenericRpcHandler]:
        """Of every service; a method that has no answer, or is not in the contract, is UNIMPLEMENTED."""
        return [
            grpc.method_handlers_generic_handler(
                service.full_name,
                {m.name: _handler(m, answers[m.name]) for m in service.methods if m.name in answers},
            )
            for service in self.services.values()
        ]


def _handler(method: MethodDescriptor, answer: Answer) -> grpc.RpcMethodHandler[Any, Any]:
    response = GetMessageClass(method.output_type)
    return grpc.unary_unary_rpc_method_handler(
        lambda request, context: response(**answer(request, context)),
        request_deserializer=GetMessageClass(method.input_type).FromString,
        response_serializer=response.SerializeToString,
    )


@dataclass(frozen=True)
class Client:
    """Calls the methods of the contract, each at its service's channel."""

    contract: Contract
    channels: Mapping[str, grpc.Channel]

    def __call__(self, method: str, fields: Mapping[str, Any] = {}, metadata: tuple[tuple[str, str], ...] = ()) -> Any:
        """The answer. Raises grpc.RpcError."""
        return self.send(method, self.contract.request(method, fields).SerializeToString(), metadata)

    def send(self, method: str, request: bytes, metadata: tuple[tuple[str, str], ...] = ()) -> Any:
        """As the call, with the request as bytes."""
        descriptor = self.contract.methods[method]
        service = descriptor.containing_service
        rpc = self.channels[service.name].unary_unary(
            f"/{service.full_name}/{method}",
            request_serializer=bytes,
            response_deserializer=GetMessageClass(descriptor.output_type).FromString,
        )
        return rpc(request, timeout=20, metadata=metadata)

    def refusal(self, method: str, fields: Mapping[str, Any]) -> tuple[grpc.StatusCode, str]:
        """The status and the words with which the call is refused."""
        try:
            answer = self(method, fields)
        except grpc.RpcError as error:
            return error.code(), str(error.details())
        raise AssertionError(f"{method} was not refused: {answer}")
