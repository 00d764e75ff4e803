"""Downloads against a server on this machine."""

import hashlib
import io
import socket
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dev.errors import ActionableError
from dev.progress import Step
from dev.toolchain.download import DamagedDownloadError, download, published_digest, unreachable
from dev.toolchain.pins import Download


class Publisher:
    """Serves what is in `files`; each answer of a path is taken from its list, and the last one is repeated."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[str, list[bytes]] = {}

    def publish(self, path: str, *contents: bytes) -> None:
        self.files[path] = list(contents)

    def publish_with_checksum(self, path: str, content: bytes) -> None:
        self.publish(path, content)
        digest = hashlib.sha256(content).hexdigest()
        self.publish(f"{path}.sha256", f"{digest}  {Path(path).name}\n".encode())

    def download(self, path: str, *files: str) -> Download:
        return Download(f"{self.address}{path}", f"{self.address}{path}.sha256", files)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            contents = served.files.get(self.path)
            self.send_response(200 if contents else 404)
            self.end_headers()
            if contents:
                self.wfile.write(contents.pop(0) if len(contents) > 1 else contents[0])

        do_HEAD = do_GET  # noqa: N815, named by the standard library

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002, named by the standard library
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served = Publisher(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield served
        server.shutdown()
        thread.join()


def archive(members: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return content.getvalue()


def test_a_program_is_downloaded_and_can_be_run(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish_with_checksum("/kind-linux-amd64", b"program")
    download(publisher.download("/kind-linux-amd64", "kind"), tmp_path, Step())
    assert (tmp_path / "kind").read_bytes() == b"program"
    assert (tmp_path / "kind").stat().st_mode & 0o111
    assert [path.name for path in tmp_path.iterdir()] == ["kind"]


def test_only_the_wanted_files_leave_an_archive(publisher: Publisher, tmp_path: Path) -> None:
    members = {"linux/helm": b"program", "linux/README.md": b"words"}
    publisher.publish_with_checksum("/helm.tar.gz", archive(members))
    download(publisher.download("/helm.tar.gz", "helm"), tmp_path, Step())
    assert [path.name for path in tmp_path.iterdir()] == ["helm"]


def test_a_path_in_an_archive_cannot_leave_the_directory(publisher: Publisher, tmp_path: Path) -> None:
    target = tmp_path / "inner"
    target.mkdir()
    publisher.publish_with_checksum("/helm.tar.gz", archive({"../helm": b"program"}))
    download(publisher.download("/helm.tar.gz", "helm"), target, Step())
    assert [path.name for path in tmp_path.iterdir()] == ["inner"]
    assert (target / "helm").exists()


def test_an_archive_without_the_program_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish_with_checksum("/helm.tar.gz", archive({"linux/README.md": b"words"}))
    with pytest.raises(ActionableError, match="lacks helm"):
        download(publisher.download("/helm.tar.gz", "helm"), tmp_path, Step())


def test_half_a_download_is_fetched_again(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish_with_checksum("/kind", b"program")
    publisher.publish("/kind", b"prog", b"program")
    download(publisher.download("/kind", "kind"), tmp_path, Step())
    assert (tmp_path / "kind").read_bytes() == b"program"


def test_a_download_that_is_damaged_twice_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish_with_checksum("/kind", b"program")
    publisher.publish("/kind", b"another program")
    with pytest.raises(ActionableError, match="its SHA-256 is"):
        download(publisher.download("/kind", "kind"), tmp_path, Step())


@pytest.mark.parametrize(
    "checksums",
    [
        f"{'a' * 64}\n",
        f"{'a' * 64}  tool.tar.gz\n",
        f"{'b' * 64}  other.tar.gz\n{'a' * 64} *dist/tool.tar.gz\n",
    ],
)
def test_every_form_of_checksum_file_is_read(checksums: str) -> None:
    assert published_digest(checksums, "tool.tar.gz") == "a" * 64


@pytest.mark.parametrize("checksums", ["", "not found", f"{'b' * 64}  other.tar.gz\n"])
def test_a_checksum_file_without_the_download_is_no_checksum(checksums: str) -> None:
    with pytest.raises(DamagedDownloadError, match=r"tool\.tar\.gz"):
        published_digest(checksums, "tool.tar.gz")


def test_a_publisher_that_answers_is_reachable(publisher: Publisher) -> None:
    publisher.publish("/here", b"content")
    assert unreachable([f"{publisher.address}/here"]) is None


def test_a_missing_file_counts_as_unreachable_with_the_reason(publisher: Publisher) -> None:
    assert "404" in (unreachable([f"{publisher.address}/missing"]) or "")


def test_a_publisher_that_does_not_listen_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "127.0.0.1 cannot be reached" in (unreachable([f"http://127.0.0.1:{port}/"]) or "")
