"""The specification that node.py runs."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Component:
    """A component and its command line."""

    name: str
    command: list[str]


@dataclass(frozen=True)
class NodeSpecification:
    """The components of the node, and their surroundings.

    Args:
        mounts: Pairs of source and target, mounted in this order. Programs find their files at the usual paths, and the
            host's own directories do not change.
        components: The components, all started at once.
        environment: Their environment variables.
        working_directory: Their working directory.
        logs: The directory with a log for each.
    """

    mounts: list[tuple[str, str]]
    components: list[Component]
    environment: dict[str, str]
    working_directory: str
    logs: str

    def write(self, path: Path) -> None:
        """Writes the specification as JSON."""
        path.write_text(json.dumps(asdict(self), indent=2))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads a specification that `write` wrote."""
        values = json.loads(path.read_text())
        return cls(**{**values, "components": [Component(**component) for component in values["components"]]})
