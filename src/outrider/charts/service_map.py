"""A map of nodes and the calls between them, in layers from callers to called."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 172, 40, 110, 10, 12
_NAME, _NOTE = 22, 26
_A_ROW = 6
_SWEEPS = 4
_LABELLED = 90
"""Above so many edges, labels would cover each other: they are told by pointing."""


@dataclass(frozen=True, slots=True)
class MapNode:
    """A box.

    Attributes:
        key: Its identity.
        note: What stands below its name.
        tone: good, warn, bad or gap.
        href: Where it leads; empty for nowhere.
    """

    key: str
    name: str
    note: str
    tone: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class MapEdge:
    """An arrow between two boxes.

    Attributes:
        label: What stands on it.
        title: What it says in full.
        weight: How thick it is, 0 to 1.
    """

    source: str
    target: str
    label: str
    title: str
    tone: str
    weight: float


def draw_map(nodes: Sequence[MapNode], edges: Sequence[MapEdge], title: str) -> str:
    """Return the map as SVG; nothing without a node. Edges whose ends are unknown, or the same, are left out."""
    if not nodes:
        return ""
    known = {node.key for node in nodes}
    edges = [edge for edge in edges if {edge.source, edge.target} <= known and edge.source != edge.target]
    joined = {end for edge in edges for end in (edge.source, edge.target)}
    places = _places(_layers([node.key for node in nodes if node.key in joined], edges)) if joined else {}
    places |= _below(places, [node.key for node in nodes if node.key not in joined])
    width = max(x for x, _ in places.values()) + _WIDTH + _MARGIN
    height = max(y for _, y in places.values()) + _HEIGHT + _MARGIN
    is_labelled = len(edges) <= _LABELLED
    parts = [_edge(edge, places, is_labelled=is_labelled) for edge in edges]
    parts += [_node(node, *places[node.key]) for node in nodes]
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg class="map" {size} role="group" aria-label="{escape(title)}">{"".join(parts)}</svg>'


def _layers(keys: Sequence[str], edges: Sequence[MapEdge]) -> list[list[str]]:
    """Return nodes by layer: each right of all that call it, calls that close a circle aside."""
    targets: dict[str, list[str]] = {key: [] for key in keys}
    for edge in edges:
        targets[edge.source].append(edge.target)
    order = _finished(keys, targets)
    rank = {key: number for number, key in enumerate(order)}
    depth = dict.fromkeys(keys, 0)
    for key in order:
        for target in targets[key]:
            if rank[target] > rank[key]:
                depth[target] = max(depth[target], depth[key] + 1)
    layers: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for key in order:
        layers[depth[key]].append(key)
    return _ordered(layers, edges)


def _finished(keys: Sequence[str], targets: Mapping[str, Sequence[str]]) -> list[str]:
    """Return nodes so that callers come before what they call, where there is no circle; by depth-first search."""
    called = {target for own in targets.values() for target in own}
    seen: set[str] = set()
    finished: list[str] = []
    for root in sorted(keys, key=lambda key: (key in called, key)):
        waiting = [(root, False)]
        while waiting:
            key, is_done = waiting.pop()
            if is_done:
                finished.append(key)
            elif key not in seen:
                seen.add(key)
                waiting.append((key, True))
                waiting += [(target, False) for target in sorted(targets[key], reverse=True) if target not in seen]
    return finished[::-1]


def _ordered(layers: list[list[str]], edges: Sequence[MapEdge]) -> list[list[str]]:
    """Return layers whose nodes stand near the middle of their neighbours (Sugiyama 1981), which saves crossings."""
    neighbours: dict[str, list[str]] = {}
    for edge in edges:
        neighbours.setdefault(edge.source, []).append(edge.target)
        neighbours.setdefault(edge.target, []).append(edge.source)
    for _ in range(_SWEEPS):
        place = {key: (row + 0.5) / len(layer) for layer in layers for row, key in enumerate(layer)}
        for layer in layers:
            middle = {key: _mean([place[other] for other in neighbours.get(key, (key,))]) for key in layer}
            layer.sort(key=lambda key: (middle[key], key))
    return layers


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _places(layers: Sequence[Sequence[str]]) -> dict[str, tuple[float, float]]:
    places: dict[str, tuple[float, float]] = {}
    for column, layer in enumerate(layers):
        for row, key in enumerate(layer):
            places[key] = (_MARGIN + column * (_WIDTH + _GAP_X), _MARGIN + row * (_HEIGHT + _GAP_Y))
    return places


def _below(places: Mapping[str, tuple[float, float]], keys: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return places of nodes without calls: in rows, below those that have some."""
    top = max((y + _HEIGHT + _GAP_Y + _MARGIN for _, y in places.values()), default=_MARGIN)
    return {
        key: (_MARGIN + number % _A_ROW * (_WIDTH + _GAP_Y), top + number // _A_ROW * (_HEIGHT + _GAP_Y))
        for number, key in enumerate(keys)
    }


def _edge(edge: MapEdge, places: Mapping[str, tuple[float, float]], *, is_labelled: bool) -> str:
    (from_x, from_y), (to_x, to_y) = places[edge.source], places[edge.target]
    begin_x, end_x = from_x + _WIDTH, to_x - 6
    begin_y, end_y = from_y + _HEIGHT / 2, to_y + _HEIGHT / 2
    bend = max((end_x - begin_x) / 2, 40)
    line = f"M{begin_x} {begin_y}C{begin_x + bend} {begin_y} {end_x - bend} {end_y} {end_x} {end_y}"
    head = f"M{end_x} {end_y - 4}l6 4l-6 4z"
    width = 1 + 2.5 * min(max(edge.weight, 0.0), 1.0)
    label = ""
    if is_labelled:
        x, y = (begin_x + end_x) / 2, (begin_y + end_y) / 2 - 3
        label = f'<text x="{x}" y="{y}">{escape(edge.label)}</text>'
    return (
        f'<g class="call {escape(edge.tone)}"><title>{escape(edge.title)}</title>'
        f'<path d="{line}" stroke-width="{width:.1f}"/><path class="head" d="{head}"/>{label}</g>'
    )


def _node(node: MapNode, x: float, y: float) -> str:
    title = f"{node.name}: {node.note}"
    box = (
        f'<title>{escape(title)}</title><rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
        f'<rect class="edge" x="{x}" y="{y}" width="6" height="{_HEIGHT}"/>'
        f'<text class="name" x="{x + 14}" y="{y + 17}">{escape(_cut(node.name, _NAME))}</text>'
        f'<text class="note" x="{x + 14}" y="{y + 32}">{escape(_cut(node.note, _NOTE))}</text>'
    )
    inner = f'<g class="node {escape(node.tone)}">{box}</g>'
    return f'<a href="{escape(node.href)}">{inner}</a>' if node.href else inner


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
