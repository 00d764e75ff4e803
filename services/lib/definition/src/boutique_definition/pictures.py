"""The product pictures of the repository, which every environment has in a bucket."""

from collections.abc import Mapping
from pathlib import Path

from boutique_definition.validation import ConfigError

PICTURES = Path(__file__).parents[4] / "frontend/src/boutique_frontend/static/img/products"
"""The first storefront has them in its own image."""

CONTENT_TYPES: Mapping[str, str] = {
    ".avif": "image/avif",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
"""By suffix; written out, since what Python guesses differs between machines."""


def find_pictures(folder: Path) -> Mapping[str, Path]:
    """Each file in the folder by its path from there. Raises ConfigError for a file that is no picture."""
    files = {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()}
    mistakes = [
        f"{file}: must end in one of {', '.join(CONTENT_TYPES)}"
        for file in files.values()
        if file.suffix not in CONTENT_TYPES
    ]
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return files
