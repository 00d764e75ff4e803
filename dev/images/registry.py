"""Tells whether an image's registry can be reached, before anything waits for it."""

import urllib.error
import urllib.request
from http import HTTPStatus

_TIMEOUT = 3.0  # seconds
_HOSTS = {"docker.io": "registry-1.docker.io"}


def answers(reference: str) -> bool:
    """Tells whether the registry of a full image reference, such as docker.io/library/redis:7.2, answers like one."""
    name = reference.split("/", maxsplit=1)[0]
    try:
        # One that wants to know who asks answers 401, with which an engine can deal.
        urllib.request.urlopen(f"https://{_HOSTS.get(name, name)}/v2/", timeout=_TIMEOUT).close()
    except urllib.error.HTTPError as error:
        return error.code == HTTPStatus.UNAUTHORIZED
    except OSError:
        return False
    return True
