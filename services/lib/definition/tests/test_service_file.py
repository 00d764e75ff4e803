"""An error in a service.yaml is one line: file, key, value, and what is allowed."""

from pathlib import Path
from textwrap import dedent

import pytest

from boutique_definition.pictures import pictures_folder
from boutique_definition.service_file import load_service_files, package_name
from boutique_definition.validation import ConfigError

CART = """
    description: Keeps carts.
    protocol: grpc
    port: 7070
    addressVariable: CART_SERVICE_ADDR
    size: {cpu: 50m, memory: 64Mi}
"""


def services(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / name).mkdir()
        (folder / name / "service.yaml").write_text(dedent(text))
    return folder


def test_every_folder_with_a_service_file_is_a_service(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    found = load_service_files(services(tmp_path, cart=CART))
    assert list(found) == ["cart"]
    assert (found["cart"].port, found["cart"].replicas) == (7070, 1)


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("7070", "70", "port: 70: Input should be greater than or equal to 1024"),
        ("7070", "lots", "port: 'lots': "),
        ("grpc", "soap", "protocol: 'soap': Input should be 'grpc', 'http' or 'none'"),
        ("50m", "fast", "size.cpu: 'fast': "),
        ("64Mi", "64", "size.memory: 64: "),
        ("description: Keeps carts.", "", "description: Field required"),
        ("CART_SERVICE_ADDR", "cart-addr", "addressVariable: 'cart-addr': "),
        ("size:", "colour: red\n    size:", "colour: Extra inputs are not permitted"),
        ("size:", "calls: [nobody]\n    size:", "calls: 'nobody': must be one of cart"),
        ("size:", "external: true\n    size:", "external: true: only with protocol http, not grpc"),
        ("port: 7070", "", "port, addressVariable: required where protocol is grpc"),
        ("size:", "migration: true\n    size:", "migration: true: only with stores, which it prepares"),
        ("size:", "stores: {cart-data: redis}\n    size:", "stores.cart-data: 'redis': "),
    ],
)
def test_an_error_names_file_key_value_and_what_is_allowed(tmp_path: Path, right: str, wrong: str, line: str) -> None:
    assert right in CART
    with pytest.raises(ConfigError) as error:
        load_service_files(services(tmp_path, cart=CART.replace(right, wrong)))
    assert f"cart/service.yaml: {line}" in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_a_file_that_is_not_yaml_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cart/service\.yaml: not YAML"):
        load_service_files(services(tmp_path, cart="a: [b"))


def test_errors_in_several_keys_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load_service_files(services(tmp_path, cart=CART.replace("7070", "1").replace("50m", "fast")))
    assert len(str(error.value).splitlines()) == 2


def test_a_package_has_a_valid_python_name() -> None:
    assert package_name("web-gateway") == "boutique_web_gateway"


def test_one_service_names_the_folder_of_pictures(tmp_path: Path) -> None:
    named = CART.replace("size:", "pictures: static\n    size:")
    files = load_service_files(services(tmp_path, cart=named, other=CART))
    assert pictures_folder(files) == tmp_path / "cart" / "static"
    with pytest.raises(ConfigError, match="pictures: must be in exactly one file, not in 0"):
        pictures_folder({"other": files["other"]})
