"""Tests parts of the node: ports, processes, images, DNS queries, and volumes."""

import hashlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tarfile
import threading
from pathlib import Path
from typing import Any

import pytest

from boutique_offline.node.components import PROVISIONER
from boutique_offline.node.dns import resolves
from boutique_offline.node.network import port_user
from boutique_offline.node.scratch_image import write_scratch_image
from boutique_offline.node.specification import Component, NodeSpecification
from boutique_offline.node.volumes import VolumeProvisioner
from dev.errors import ActionableError
from dev.locks import hold_directory
from dev.progress import Progress
from dev.waiting import wait_until


def test_the_process_that_uses_a_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        user = port_user("127.0.0.1", listening.getsockname()[1])
    assert user
    assert f"process {os.getpid()}" in user


def test_a_port_in_use_at_another_address_is_free() -> None:
    with socket.create_server(("127.0.0.2", 0)) as listening:
        assert port_user("127.0.0.1", listening.getsockname()[1]) is None


def test_a_process_that_listens_on_all_addresses_uses_the_port_of_each() -> None:
    with socket.create_server(("::", 0), family=socket.AF_INET6) as listening:
        assert port_user("127.0.0.1", listening.getsockname()[1])


def test_a_component_that_exits_is_restarted(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    NodeSpecification(
        mounts=[],
        components=[Component("short-lived", ["/bin/sh", "-c", f"echo started >> {starts}"])],
        environment={},
        working_directory=str(tmp_path),
        logs=str(tmp_path),
    ).write(tmp_path / "node.json")
    command = [sys.executable, "-m", "boutique_offline.node.node", str(tmp_path / "node.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as node:
        try:
            wait_until(lambda: starts.exists() and starts.read_text().count("started") == 2, 20, "it was not restarted")
            assert node.stdout
            assert "short-lived exited with 0" in node.stdout.readline()
        finally:
            node.send_signal(signal.SIGKILL)


def test_a_scratch_image_runs_its_program(tmp_path: Path) -> None:
    program = tmp_path / "pause"
    program.write_bytes(b"static program")
    write_scratch_image(program, "boutique.local/pause:1", ["-P"], tmp_path / "image.tar")
    with tarfile.open(tmp_path / "image.tar") as tar:

        def blob(descriptor: dict[str, Any]) -> bytes:
            content = tar.extractfile(f"blobs/{descriptor['digest'].replace(':', '/')}")
            assert content
            data = content.read()
            assert f"sha256:{hashlib.sha256(data).hexdigest()}" == descriptor["digest"]
            return data

        index = tar.extractfile("index.json")
        assert index
        (entry,) = json.loads(index.read())["manifests"]
        manifest = json.loads(blob(entry))
        configuration = json.loads(blob(manifest["config"]))
        blob(manifest["layers"][0])
    assert entry["annotations"]["io.containerd.image.name"] == "boutique.local/pause:1"
    assert configuration["config"]["Entrypoint"] == ["/pause", "-P"]


@pytest.mark.parametrize(("error", "records", "expected"), [(0, 1, True), (0, 0, False), (3, 1, False)])
def test_a_name_resolves_if_the_response_has_an_address(
    error: int, records: int, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        monkeypatch.setattr("boutique_offline.node.dns._PORT", server.getsockname()[1])

        def serve() -> None:
            question, client = server.recvfrom(512)
            assert b"\x0akubernetes\x07default\x00" in question
            server.sendto(
                struct.pack("!6H", *struct.unpack_from("!H", question), 0x8180 | error, 1, records, 0, 0), client
            )

        thread = threading.Thread(target=serve)
        thread.start()
        assert resolves("127.0.0.1", "kubernetes.default") is expected
        thread.join()


def test_a_name_does_not_resolve_without_a_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setattr("boutique_offline.node.dns._PORT", port)
    assert not resolves("127.0.0.1", "kubernetes.default")


def test_a_directory_that_another_run_removed_is_created_again(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    entered = threading.Event()
    held = []

    def second() -> None:
        with Progress() as progress:
            entered.set()
            with hold_directory(directory, progress):
                held.append(directory.exists())

    with Progress() as progress, hold_directory(directory, progress):
        thread = threading.Thread(target=second)
        thread.start()
        entered.wait(10)
    thread.join(20)
    assert held == [True]
    assert not directory.exists()


def test_a_timeout_is_reported_with_the_time_waited() -> None:
    with pytest.raises(ActionableError, match=r"DNS is not ready \(waited 0 s\)"):
        wait_until(lambda: False, 0, "DNS is not ready")


class Collections:
    """Keeps what is created and deleted, as the API would."""

    def __init__(self) -> None:
        self.created: list[dict[str, Any]] = []
        self.deleted: list[str] = []

    def create(self, path: str, value: dict[str, Any]) -> None:
        self.created.append(value)

    def delete(self, path: str) -> None:
        self.deleted.append(path)


CLAIM: dict[str, Any] = {
    "metadata": {
        "name": "data",
        "namespace": "shop",
        "uid": "1234",
        "annotations": {"volume.kubernetes.io/storage-provisioner": PROVISIONER},
    },
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "local",
    },
}


@pytest.fixture
def collections() -> Collections:
    return Collections()


@pytest.fixture
def provisioner(collections: Collections, tmp_path: Path) -> VolumeProvisioner:
    return VolumeProvisioner(collections, tmp_path, "boutique")  # type: ignore[arg-type]


def test_each_claim_gets_its_own_directory(
    provisioner: VolumeProvisioner, collections: Collections, tmp_path: Path
) -> None:
    provisioner.provide(CLAIM)
    (volume,) = collections.created
    assert volume["spec"]["claimRef"]["uid"] == "1234"
    assert volume["spec"]["capacity"] == {"storage": "1Gi"}
    assert Path(volume["spec"]["local"]["path"]) == tmp_path / "pvc-1234"
    assert (tmp_path / "pvc-1234").is_dir()


@pytest.mark.parametrize(
    "claim",
    [
        {**CLAIM, "metadata": {**CLAIM["metadata"], "annotations": {}}},
        {**CLAIM, "spec": {**CLAIM["spec"], "volumeName": "pvc-1234"}},
    ],
    ids=["of another provisioner", "bound"],
)
def test_a_claim_of_another_provisioner_or_with_a_volume_is_ignored(
    provisioner: VolumeProvisioner, collections: Collections, claim: dict[str, Any]
) -> None:
    provisioner.provide(claim)
    assert collections.created == []


def test_a_volume_is_removed_only_after_its_claim(
    provisioner: VolumeProvisioner, collections: Collections, tmp_path: Path
) -> None:
    provisioner.provide(CLAIM)
    (volume,) = collections.created
    provisioner.reclaim({**volume, "status": {"phase": "Bound"}})
    assert (tmp_path / "pvc-1234").exists()
    provisioner.reclaim({**volume, "status": {"phase": "Released"}})
    assert not (tmp_path / "pvc-1234").exists()
    assert collections.deleted == ["/api/v1/persistentvolumes/pvc-1234"]
