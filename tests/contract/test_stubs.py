"""Tests that the committed stubs match the committed protos."""

from pathlib import Path

from dev.checks import generate_stubs
from dev.virtual_environment import ROOT

STUBS = ROOT / "services" / "lib" / "contract" / "src" / "hipstershop"


def test_the_stubs_match_what_boutique_dev_protos_generates(tmp_path: Path) -> None:
    generate_stubs(tmp_path)
    generated = {file.name: file.read_text() for file in (tmp_path / "hipstershop").iterdir()}
    committed = {file.name: file.read_text() for file in STUBS.glob("shop_pb2*")}
    assert generated == committed
