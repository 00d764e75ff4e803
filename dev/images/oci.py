"""Reads an OCI image layout and writes images of it to one archive, each blob once.

See https://github.com/opencontainers/image-spec/blob/main/image-layout.md.
"""

import io
import json
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

_NAME = "org.opencontainers.image.ref.name"
# containerd uses this as the image's full name when it imports an archive.
_CONTAINERD_NAME = "io.containerd.image.name"


def references(layout: Path) -> set[str]:
    """Returns the references of the images in the layout."""
    index = layout / "index.json"
    return {entry["annotations"][_NAME] for entry in _read(index)["manifests"]} if index.exists() else set()


def write_archive(layout: Path, images: Sequence[str], archive: Path) -> None:
    """Writes an archive of these images of the layout."""
    manifests = {entry["annotations"][_NAME]: entry for entry in _read(layout / "index.json")["manifests"]}
    wanted = [manifests[image] for image in images]
    index = {
        "schemaVersion": 2,
        "manifests": [
            {**entry, "annotations": {_NAME: image.split(":")[-1], _CONTAINERD_NAME: image}}
            for image, entry in zip(images, wanted, strict=True)
        ],
    }
    with tarfile.open(archive, "w") as tar:
        tar.add(layout / "oci-layout", "oci-layout")
        content = json.dumps(index).encode()
        member = tarfile.TarInfo("index.json")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
        for digest in sorted(_blobs(layout, wanted)):
            tar.add(_blob(layout, digest), f"blobs/sha256/{digest.removeprefix('sha256:')}")


def _blobs(layout: Path, manifests: Iterable[dict[str, Any]]) -> set[str]:
    digests = set()
    for entry in manifests:
        manifest = _read(_blob(layout, entry["digest"]))
        digests |= {entry["digest"], manifest["config"]["digest"], *(layer["digest"] for layer in manifest["layers"])}
    return digests


def _blob(layout: Path, digest: str) -> Path:
    return layout / "blobs/sha256" / digest.removeprefix("sha256:")


def _read(path: Path) -> Any:
    return json.loads(path.read_text())
