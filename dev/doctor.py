"""`boutique doctor`: which tools, plugins and cluster this machine uses, and why."""

import shutil
import sys
from collections.abc import Iterator

from dev.clusters import choose
from dev.directories import cache_directory, state_directory
from dev.errors import ActionableError
from dev.toolchain import official_plugins_unreachable, outlook
from dev.virtual_environment import ENVIRONMENT, ROOT

_TOOLS = ("pulumi", "kubernetes", "coredns", "kind")


def doctor() -> None:
    """Prints what would be used. Changes nothing and downloads nothing."""
    for subject, finding in _findings():
        print(f"{subject:18}{finding}", flush=True)


def _findings() -> Iterator[tuple[str, str]]:
    yield "python", f"{sys.version.split()[0]} in {ENVIRONMENT.relative_to(ROOT)}"
    free = shutil.disk_usage(ROOT).free >> 30
    yield "cache", f"{cache_directory()}, {free} GiB free"
    yield "state", f"{state_directory()}, {'in use' if state_directory().exists() else 'nothing runs'}"
    for tool in _TOOLS:
        yield tool, outlook(tool)
    refused = official_plugins_unreachable()
    if refused:
        yield "pulumi-kubernetes", outlook("pulumi-kubernetes")
    yield "other plugins", f"emulated: {refused}" if refused else "downloaded by Pulumi"
    try:
        yield "cluster", choose().describe()
    except ActionableError as error:
        yield "cluster", str(error)
