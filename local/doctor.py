"""`make doctor`: which tools and which cluster this machine gives, and why."""

import shutil
import sys

from local.directories import cache_directory, state_directory
from local.environment import ENVIRONMENT


def doctor(_: str) -> None:
    """Touches nothing and fetches nothing."""
    free = shutil.disk_usage(state_directory().parent if state_directory().parent.exists() else "/").free
    print(f"python    {sys.version.split()[0]} in {ENVIRONMENT}")
    print(f"cache     {cache_directory()} ({free >> 30} GiB free on its disk)")
    print(f"state     {state_directory()} ({'in use' if state_directory().exists() else 'nothing runs'})")
