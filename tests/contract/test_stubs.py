"""The committed stubs are those of the committed protos."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
STUBS = ROOT / "services" / "lib" / "contract" / "src" / "hipstershop"


def test_the_stubs_are_what_make_protos_generates(tmp_path: Path) -> None:
    recipe = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "--always-make", "protos"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    start = recipe.index(".venv/bin/python -m grpc_tools.protoc")
    (tmp_path / "stubs").mkdir()
    command = recipe[start:].replace("services/lib/contract/src", str(tmp_path / "stubs"))
    subprocess.run(command, shell=True, cwd=ROOT, check=True)
    generated = {file.name: file.read_text() for file in (tmp_path / "stubs" / "hipstershop").iterdir()}
    committed = {file.name: file.read_text() for file in STUBS.glob("shop_pb2*")}
    assert generated == committed
