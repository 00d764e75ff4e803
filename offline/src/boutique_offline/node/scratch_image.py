"""Writes an image with one static program and nothing else, as an OCI archive.

See https://github.com/opencontainers/image-spec/blob/main/image-layout.md.
"""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
_IMAGE: Final = "application/vnd.oci.image"


def write_scratch_image(program: Path, name: str, arguments: Sequence[str], archive: Path) -> None:
    """Writes the image `name` (with its registry and tag), which runs the program with the arguments."""
    with tarfile.open(archive, "w") as tar:

        def add(content: bytes, media_type: str) -> dict[str, Any]:
            digest = hashlib.sha256(content).hexdigest()
            _add(tar, f"blobs/sha256/{digest}", content)
            return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

        layer = add(_layer(program), f"{_IMAGE}.layer.v1.tar")
        config = {
            "architecture": _ARCHITECTURES[platform.machine()],
            "os": "linux",
            "config": {"Entrypoint": [f"/{program.name}", *arguments]},
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"{_IMAGE}.manifest.v1+json",
            "config": add(_json(config), f"{_IMAGE}.config.v1+json"),
            "layers": [layer],
        }
        entry = add(_json(manifest), f"{_IMAGE}.manifest.v1+json")
        # containerd reads the image's full name from here.
        entry["annotations"] = {"io.containerd.image.name": name}
        _add(tar, "index.json", _json({"schemaVersion": 2, "manifests": [entry]}))
        _add(tar, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))


def _layer(program: Path) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        _add(tar, program.name, program.read_bytes(), mode=0o755)
    return content.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), mode
    tar.addfile(member, io.BytesIO(content))


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True).encode()
