"""Tests what all services of the contract have in common."""

import importlib
from collections.abc import Mapping
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pb2 import DescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from boutique_definition.service_file import ServiceFile, package_name
from boutique_runtime.settings import ServiceSettings
from tests.contract.conftest import Shop
from tests.contract.contract import ADDRESSES, Contract
from tests.contract.requests import VALID, with_text

EVERY_SERVICE = pytest.mark.parametrize("service", ADDRESSES)
EVERY_METHOD = pytest.mark.parametrize("method", VALID)
METHODS_WITH_TEXT = pytest.mark.parametrize("method", [method for method, fields in VALID.items() if fields])


def test_the_tests_cover_every_service_and_method_of_the_contract(contract: Contract) -> None:
    assert VALID.keys() == contract.methods.keys()
    assert ADDRESSES.keys() == contract.services.keys()


@EVERY_SERVICE
def test_a_service_has_the_address_variable_and_port_of_the_original(
    service: str, files: Mapping[str, ServiceFile]
) -> None:
    variable, port = ADDRESSES[service]
    [name] = [name for name, file in files.items() if file.address_variable == variable]
    assert files[name].port == port
    module = importlib.import_module(f"{package_name(name)}.settings")
    [settings] = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, ServiceSettings) and value.__module__ == module.__name__
    ]
    assert settings.model_fields["port"].default == port


@EVERY_SERVICE
def test_the_server_and_the_service_report_their_health(service: str, shop: Shop) -> None:
    health: Any = health_pb2_grpc.HealthStub(shop.call.channels[service])
    for name in ("", f"hipstershop.{service}"):
        response = health.Check(health_pb2.HealthCheckRequest(service=name), timeout=10)
        assert response.status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as refusal:
        health.Check(health_pb2.HealthCheckRequest(service="hipstershop.NoSuchService"), timeout=10)
    assert refusal.value.code() is grpc.StatusCode.NOT_FOUND


@EVERY_SERVICE
def test_reflection_shows_the_methods_and_messages_of_the_contract(
    service: str, shop: Shop, contract: Contract
) -> None:
    database = ProtoReflectionDescriptorDatabase(shop.call.channels[service])
    assert {f"hipstershop.{service}", "grpc.health.v1.Health"} <= set(database.get_services())
    pool = DescriptorPool(database)
    shown = pool.FindServiceByName(f"hipstershop.{service}").methods_by_name
    for method in contract.services[service].methods:
        for wanted, found in (
            (method.input_type, shown[method.name].input_type),
            (method.output_type, shown[method.name].output_type),
        ):
            assert found.full_name == wanted.full_name
            _assert_same_fields(wanted, found)


def _assert_same_fields(wanted: Descriptor, found: Descriptor) -> None:
    assert _fields(wanted) <= _fields(found)
    numbers = {field.number for field in wanted.fields}
    assert {field.name for field in found.fields if field.number in numbers} == set(wanted.fields_by_name)
    for field in wanted.fields:
        inner = found.fields_by_name[field.name].message_type
        if field.message_type is not None and inner is not None:
            _assert_same_fields(field.message_type, inner)


def _fields(message: Descriptor) -> set[tuple[Any, ...]]:
    proto = DescriptorProto()
    message.CopyToProto(proto)
    return {(field.name, field.number, field.type, field.label, field.type_name) for field in proto.field}


@METHODS_WITH_TEXT
def test_invalid_utf_8_is_an_invalid_argument(method: str, shop: Shop, contract: Contract) -> None:
    request = contract.request(method, with_text(VALID[method], "@@")).SerializeToString()
    with pytest.raises(grpc.RpcError) as refusal:
        shop.call.send(method, request.replace(b"@@", b"\xc3\x28"))
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@EVERY_METHOD
def test_bytes_that_are_not_a_message_are_an_invalid_argument(method: str, shop: Shop) -> None:
    with pytest.raises(grpc.RpcError) as refusal:
        shop.call.send(method, b"\xff\xff\xff")
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@METHODS_WITH_TEXT
def test_a_message_that_is_too_large_is_refused(method: str, shop: Shop) -> None:
    code, _ = shop.call.refusal(method, with_text(VALID[method], "x" * (2 << 20)))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED


@EVERY_SERVICE
def test_an_unknown_method_is_unimplemented(service: str, shop: Shop) -> None:
    call: Any = shop.call.channels[service].unary_unary(f"/hipstershop.{service}/NoSuchMethod")
    with pytest.raises(grpc.RpcError) as refusal:
        call(b"", timeout=10)
    assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED


@METHODS_WITH_TEXT
def test_unknown_fields_are_ignored(method: str, shop: Shop, contract: Contract) -> None:
    if method == "PlaceOrder":
        shop.call("AddItem", VALID["AddItem"])
    unknown = b"\xfa\x3f\x03new"  # field 1023, of bytes
    shop.call.send(method, contract.request(method, VALID[method]).SerializeToString() + unknown)
