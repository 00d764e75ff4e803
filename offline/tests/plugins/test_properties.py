"""Tests the conversion between Pulumi's properties and plain values."""

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from boutique_offline.plugins.properties import (
    UNKNOWN,
    Asset,
    ResourceReference,
    Secret,
    Unknown,
    conceal,
    contains,
    decode,
    encode,
    reveal,
)

_leaves = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(), st.just(UNKNOWN))
_values: st.SearchStrategy[Any] = st.recursive(
    _leaves,
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner), inner.map(Secret)),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), _values))
def test_every_value_survives_encoding_and_decoding(properties: dict[str, Any]) -> None:
    assert decode(encode(properties)) == properties


def test_a_whole_number_is_decoded_as_an_integer() -> None:
    bag = struct_pb2.Struct()
    bag.update({"replicas": 3, "ratio": 0.5})
    replicas, ratio = (decode(bag)[name] for name in ("replicas", "ratio"))
    assert (replicas, type(replicas)) == (3, int)
    assert ratio == 0.5


def test_a_resource_reference_keeps_its_urn_and_id() -> None:
    assert decode(encode({"child": ResourceReference("urn", "id")})) == {"child": ResourceReference("urn", "id")}


def test_an_asset_keeps_its_hash_and_content(tmp_path: Path) -> None:
    (tmp_path / "mug.svg").write_bytes(b"<svg/>")
    for asset in (Asset("1", path=str(tmp_path / "mug.svg")), Asset("1", text="<svg/>")):
        decoded = decode(encode({"file": asset}))["file"]
        assert decoded == asset
        assert decoded.content() == b"<svg/>"


def test_an_archive_is_refused() -> None:
    bag = struct_pb2.Struct()
    bag.update({"file": {"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "path": "x"}})
    with pytest.raises(ValueError, match="not covered"):
        decode(bag)


@given(_values)
def test_a_revealed_value_contains_no_secret(value: Any) -> None:
    assert not contains(reveal(value), Secret)


@given(_values)
def test_concealing_restores_secrets_and_changes_no_value(value: Any) -> None:
    concealed = conceal(reveal(value), like=value)
    assert reveal(concealed) == reveal(value)
    assert contains(concealed, Secret) == contains(value, Secret)


def test_a_list_with_a_secret_is_secret_as_a_whole() -> None:
    like = {"env": [{"name": "A", "value": Secret("x")}], "image": "i"}
    live = {"env": [{"name": "B", "value": "y"}, {"name": "A", "value": "x"}], "image": "i"}
    assert conceal(live, like) == {"env": Secret(live["env"]), "image": "i"}


def test_an_unknown_value_is_found_inside_a_secret() -> None:
    assert contains({"data": Secret({"key": [UNKNOWN]})}, Unknown)


def test_the_representation_of_a_secret_hides_its_value() -> None:
    assert "hunter2" not in repr({"password": Secret("hunter2")})
