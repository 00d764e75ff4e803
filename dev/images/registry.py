"""Finds out whether an image's registry can be reached, before anything waits for it."""

import urllib.error
import urllib.request
from http import HTTPStatus

_TIMEOUT = 3.0  # seconds
_HOSTS = {"docker.io": "registry-1.docker.io"}


def is_reachable(reference: str) -> bool:
    """Returns whether the registry of a full image reference, such as docker.io/library/redis:7.2, responds as one."""
    name = reference.split("/", maxsplit=1)[0]
    try:
        # A registry that requires authentication responds with 401, which an engine handles.
        urllib.request.urlopen(f"https://{_HOSTS.get(name, name)}/v2/", timeout=_TIMEOUT).close()
    except urllib.error.HTTPError as error:
        return error.code == HTTPStatus.UNAUTHORIZED
    except OSError:
        return False
    return True
