"""Shared by the tests that run plugins with the real engine."""

import re
from dataclasses import dataclass
from pathlib import Path

from boutique_offline import plugins

PLUGINS = Path(plugins.__file__).parent


@dataclass(frozen=True)
class Outcome:
    """The output of a `pulumi` command, and whether it succeeded."""

    succeeded: bool
    output: str

    def count(self, what: str) -> int:
        """Returns how many resources were, for instance, `updated`."""
        found = re.search(rf"(\d+) {what}", self.output.rpartition("Resources:")[2])
        return int(found[1]) if found else 0
