"""The product pictures, which every stack has in a bucket."""

from collections.abc import Mapping
from pathlib import Path

from boutique_definition.service_file import ServiceFile
from boutique_definition.validation import ConfigError

CONTENT_TYPES: Mapping[str, str] = {
    ".avif": "image/avif",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
"""Media types by suffix. Listed here, since Python's mimetypes differ between machines."""


def pictures_folder(services: Mapping[str, ServiceFile]) -> Path:
    """Returns the folder of product pictures.

    Raises:
        ConfigError: Not exactly one service file names it.
    """
    folders = [file.pictures for file in services.values() if file.pictures]
    if len(folders) != 1:
        raise ConfigError(f"services/*/service.yaml: pictures: must be in exactly one file, not in {len(folders)}")
    return folders[0]


def find_pictures(folder: Path) -> Mapping[str, Path]:
    """Returns each file in the folder by its path from there.

    Raises:
        ConfigError: A file is not a picture.
    """
    files = {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()}
    errors = [
        f"{file}: must end in one of {', '.join(CONTENT_TYPES)}"
        for file in files.values()
        if file.suffix not in CONTENT_TYPES
    ]
    if errors:
        raise ConfigError("\n".join(errors))
    return files
