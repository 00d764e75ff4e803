"""Static files for browsers: in memory, compressed once, identified by a digest of their content.

Services that use it depend on starlette themselves.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

FOREVER = "public, max-age=31536000, immutable"
"""Cache-Control for an address that changes with its content."""

REVALIDATED = "public, no-cache"
"""Cache-Control for an address whose content may change."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file."""

    content: bytes
    compressed: bytes
    media_type: str
    digest: str

    def respond(self, request: Request, cache_control: str) -> Response:
        """Returns the file, compressed if the browser accepts it, or 304 if the browser has it already."""
        headers = {"cache-control": cache_control, "etag": f'W/"{self.digest}"', "vary": "accept-encoding"}
        if headers["etag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        content = self.content
        if "gzip" in request.headers.get("accept-encoding", "") and len(self.compressed) < len(content):
            content = self.compressed
            headers["content-encoding"] = "gzip"
        return Response(content, headers=headers, media_type=self.media_type)


def read_assets(folder: Traversable, prefix: str = "") -> dict[str, Asset]:
    """Returns every file in the folder, by `prefix` and its path in the folder, such as `css/shop.css`."""
    found: dict[str, Asset] = {}
    for entry in folder.iterdir():
        path = prefix + entry.name
        found |= read_assets(entry, f"{path}/") if entry.is_dir() else {path: _read(path, entry)}
    return found


def _read(path: str, file: Traversable) -> Asset:
    content = file.read_bytes()
    return Asset(
        content=content,
        compressed=gzip.compress(content, mtime=0),
        media_type=mimetypes.guess_type(path)[0] or "application/octet-stream",
        digest=hashlib.sha256(content).hexdigest()[:12],
    )
