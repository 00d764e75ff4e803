"""Static files, under addresses that change with their content."""

import re
from importlib.resources import files
from pathlib import PurePosixPath

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from boutique_runtime.assets import FOREVER, REVALIDATED, read_assets

PREFIX = "/static/"
_DIGEST = re.compile(r"\.[0-9a-f]{12}(?=\.[a-z0-9]+$)")
_PLACEHOLDER = "img/products/placeholder.svg"


class Assets:
    """The files below static/, each at an address with its digest."""

    def __init__(self) -> None:
        self._by_path = read_assets(files("boutique_frontend") / "static")
        self._urls = {path: PREFIX + _hashed(path, asset.digest) for path, asset in self._by_path.items()}

    def url(self, path: str) -> str:
        """Returns the address of a file below static/, such as `css/shop.css`. Raises KeyError."""
        return self._urls[path]

    def picture_url(self, picture: str) -> str:
        """Returns the address of the drawing for a picture in the catalog, whatever format the catalog names."""
        path = f"{picture.removeprefix(PREFIX).rpartition('.')[0]}.svg"
        return self._urls.get(path) or self._urls[_PLACEHOLDER]

    async def respond(self, request: Request) -> Response:
        """Returns the file at the path. Raises HTTPException with 404."""
        path = request.path_params["path"]
        # During a rollout, a page of one version may request a file from a replica of the other: serve what is there.
        asset = self._by_path.get(_DIGEST.sub("", path))
        if asset is None:
            raise HTTPException(404)
        return asset.respond(request, FOREVER if f".{asset.digest}." in path else REVALIDATED)


def _hashed(path: str, digest: str) -> str:
    pure = PurePosixPath(path)
    return str(pure.with_name(f"{pure.stem}.{digest}{pure.suffix}"))
