"""Static files: in memory, compressed once, under addresses that change with their content."""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

PREFIX = "/static/"
_FOREVER = "public, max-age=31536000, immutable"
_REVALIDATED = "public, no-cache"
_DIGEST = re.compile(r"\.[0-9a-f]{12}(?=\.[a-z0-9]+$)")
_PLACEHOLDER = "img/products/placeholder.svg"


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    compressed: bytes
    media_type: str
    digest: str


class Assets:
    def __init__(self) -> None:
        self._by_path = {path: _read(path, file) for path, file in _walk(files("boutique_frontend") / "static")}
        self._urls = {path: PREFIX + _hashed(path, asset.digest) for path, asset in self._by_path.items()}

    def url(self, path: str) -> str:
        """Of a file below static/, such as `css/shop.css`. Raises KeyError."""
        return self._urls[path]

    def picture_url(self, picture: str) -> str:
        """Of a product's picture, as the catalog names it; any format that it names is answered by our drawing."""
        path = f"{picture.removeprefix(PREFIX).rpartition('.')[0]}.svg"
        return self._urls.get(path) or self._urls[_PLACEHOLDER]

    async def respond(self, request: Request) -> Response:
        path = request.path_params["path"]
        # While replicas of two versions serve, a page of one may ask the other for its files: near enough.
        asset = self._by_path.get(_DIGEST.sub("", path))
        if asset is None:
            raise HTTPException(404)
        headers = {
            "cache-control": _FOREVER if f".{asset.digest}." in path else _REVALIDATED,
            "etag": f'W/"{asset.digest}"',
            "vary": "accept-encoding",
        }
        if headers["etag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        content = asset.content
        if "gzip" in request.headers.get("accept-encoding", "") and len(asset.compressed) < len(content):
            content = asset.compressed
            headers["content-encoding"] = "gzip"
        return Response(content, headers=headers, media_type=asset.media_type)


def _walk(folder: Traversable, prefix: str = "") -> list[tuple[str, Traversable]]:
    found = []
    for entry in folder.iterdir():
        path = prefix + entry.name
        found += _walk(entry, f"{path}/") if entry.is_dir() else [(path, entry)]
    return found


def _read(path: str, file: Traversable) -> Asset:
    content = file.read_bytes()
    return Asset(
        content=content,
        compressed=gzip.compress(content, mtime=0),
        media_type=mimetypes.guess_type(path)[0] or "application/octet-stream",
        digest=hashlib.sha256(content).hexdigest()[:12],
    )


def _hashed(path: str, digest: str) -> str:
    pure = PurePosixPath(path)
    return str(pure.with_name(f"{pure.stem}.{digest}{pure.suffix}"))
