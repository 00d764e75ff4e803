"""Draws docs/pictures/architecture.svg from the service files: `boutique dev diagram`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from boutique_definition.service_file import ServiceFile, load_service_files
from infra.config.shop import STORES

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "pictures" / "architecture.svg"

_WIDTH, _HEIGHT = 168, 46
_COLUMN_GAP, _ROW_GAP, _MARGIN = 96, 26, 28

_STYLE = """
  text { font: 15px system-ui, sans-serif; fill: #22302a; text-anchor: middle; dominant-baseline: central }
  .small { font-size: 11px; fill: #5d6b64 }
  .node { fill: #ffffff; stroke: #1f4d3a; stroke-width: 1.5 }
  .external { fill: #1f4d3a }
  .external + text, .external + text + text { fill: #ffffff }
  .store { fill: #f3e9d2; stroke: #a8842c; stroke-width: 1.5 }
  path { fill: none; stroke: #7d9487; stroke-width: 1.3 }
  .to-store { stroke: #c2a45c }
"""


@dataclass(frozen=True)
class Node:
    """A box of the picture: a service or a store.

    Args:
        detail: The second line of text, which may be empty.
        shape: The CSS classes.
        needs: The names of the nodes that it has an arrow to.
    """

    name: str
    detail: str
    shape: str
    needs: tuple[str, ...]


def draw(services: Mapping[str, ServiceFile]) -> str:
    """Returns an SVG document, with callers to the left of what they call, and stores to the right of everything."""
    nodes = {node.name: node for node in _nodes(services)}
    columns: dict[int, list[str]] = defaultdict(list)
    for name in sorted(nodes, key=lambda name: (-len(nodes[name].needs), name)):
        columns[_column(name, nodes)].append(name)
    tallest = max(map(len, columns.values()))
    places = {
        name: (
            _MARGIN + column * (_WIDTH + _COLUMN_GAP),
            round(_MARGIN + (row + (tallest - len(names)) / 2) * (_HEIGHT + _ROW_GAP)),
        )
        for column, names in columns.items()
        for row, name in enumerate(names)
    }
    width = 2 * _MARGIN + (max(columns) + 1) * (_WIDTH + _COLUMN_GAP) - _COLUMN_GAP
    height = 2 * _MARGIN + tallest * (_HEIGHT + _ROW_GAP) - _ROW_GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        "<title>The services of the shop, what they call, and the stores that they need</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" rx="12" fill="#faf8f3"/>',
        *(_edge(places[name], places[need], nodes[need].shape) for name in places for need in nodes[name].needs),
        *(line for name, place in places.items() for line in _box(nodes[name], place)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _nodes(services: Mapping[str, ServiceFile]) -> Iterator[Node]:
    for name, file in services.items():
        detail = "" if file.port is None else f"{file.protocol} {file.port}"
        shape = "node external" if file.external else "node"
        yield Node(name, detail, shape, (*file.calls, *file.stores))
    for store in sorted({store for file in services.values() for store in file.stores}):
        yield Node(store, "bucket" if STORES[store] == "bucket" else "primary and replica", "store", ())


def _column(name: str, nodes: Mapping[str, Node]) -> int:
    """Returns the column: one to the right of every node that needs this one. Stores are in the last column."""
    if nodes[name].shape == "store":
        return 1 + max(_column(other, nodes) for other in nodes if nodes[other].shape != "store")
    return max((1 + _column(other, nodes) for other in nodes if name in nodes[other].needs), default=0)


def _edge(start: tuple[int, int], end: tuple[int, int], shape: str) -> str:
    x1, y1 = start[0] + _WIDTH, start[1] + _HEIGHT // 2
    x2, y2 = end[0], end[1] + _HEIGHT // 2
    bend = (x2 - x1) // 2
    kind = ' class="to-store"' if shape == "store" else ""
    return f'<path{kind} d="M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"/>'


def _box(node: Node, place: tuple[int, int]) -> Iterator[str]:
    x, y = place
    middle = x + _WIDTH // 2
    yield f'<rect class="{node.shape}" x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>'
    yield f'<text x="{middle}" y="{y + (16 if node.detail else 23)}">{escape(node.name)}</text>'
    if node.detail:
        yield f'<text class="small" x="{middle}" y="{y + 34}">{escape(node.detail)}</text>'


if __name__ == "__main__":
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(draw(load_service_files(ROOT / "services")))
