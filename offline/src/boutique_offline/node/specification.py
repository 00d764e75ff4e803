"""What node.py is told to run."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Component:
    name: str
    command: list[str]


@dataclass(frozen=True)
class NodeSpecification:
    """What the node is made of.

    `mounts` lays directories over those of the host, in this order, as pairs of from and onto: programs find everything
    where they always do, and the host's own directories do not change.
    """

    mounts: list[tuple[str, str]]
    components: list[Component]
    environment: dict[str, str]
    working_directory: str
    logs: str

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=2))

    @classmethod
    def read(cls, path: Path) -> Self:
        values = json.loads(path.read_text())
        return cls(**{**values, "components": [Component(**component) for component in values["components"]]})
