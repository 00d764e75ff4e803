"""Measures the sizes of the shop's images, in the archive that is loaded into the cluster."""

import json
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

_MEGABYTE = 1_000_000


def image_sizes(directory: Path) -> dict[str, float]:
    """Returns the stored size in MB of all distinct layers, and of the layers that only one image has."""
    (archive,) = directory.glob("*.tar")
    with tarfile.open(archive) as tar:
        images = _layers(tar)
    users = Counter(digest for layers in images.values() for digest in layers)
    unique = {digest: size for layers in images.values() for digest, size in layers.items()}
    figures = {"images, all layers once (MB)": sum(unique.values()) / _MEGABYTE}
    for name, layers in images.items():
        own = sum(size for digest, size in layers.items() if users[digest] == 1)
        figures[f"image of {name}, its own layers (MB)"] = own / _MEGABYTE
    return figures


def _layers(tar: tarfile.TarFile) -> dict[str, dict[str, int]]:
    """Returns the size of each layer by its name, for each image.

    Source: the format of `docker save`, and the OCI image layout.
    """
    if "manifest.json" in tar.getnames():
        images = {
            _short(entry["RepoTags"][0]): {layer: tar.getmember(layer).size for layer in entry["Layers"]}
            for entry in _read(tar, "manifest.json")
        }
    else:
        images = {
            _short(entry["annotations"]["io.containerd.image.name"]): {
                layer["digest"]: layer["size"]
                for layer in _read(tar, f"blobs/{entry['digest'].replace(':', '/')}")["layers"]
            }
            for entry in _read(tar, "index.json")["manifests"]
        }
    return dict(sorted(images.items()))


def _short(reference: str) -> str:
    return reference.rpartition("/")[2].partition(":")[0]


def _read(tar: tarfile.TarFile, name: str) -> Any:
    member = tar.extractfile(name)
    if member is None:
        raise FileNotFoundError(name)
    return json.load(member)
