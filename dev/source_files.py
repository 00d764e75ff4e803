"""The source files below a folder, and a digest of them."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_NOT_SOURCE: Final = {"__pycache__", "dist", "node_modules"}


def source_files(folder: Path) -> Iterator[Path]:
    """Yields the relative path of each source file, sorted."""
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not _NOT_SOURCE.intersection(relative.parts):
            yield relative


def copy_source(folder: Path, destination: Path) -> None:
    """Copies the source files, without their modes and times."""
    for path in source_files(folder):
        copy = destination / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / path, copy)


def source_digest(folder: Path, *others: str) -> str:
    """Returns the SHA-256 of the source files and the other texts, in hexadecimal."""
    digest = hashlib.sha256()
    for path in source_files(folder):
        content = (folder / path).read_bytes()
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    digest.update(repr(others).encode())
    return digest.hexdigest()
