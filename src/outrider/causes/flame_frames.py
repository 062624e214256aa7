"""A trace as a flame graph. Pure.

Spans of one name below the same ancestors are one frame, as wide as the time that is its own and of what it called.

Times of spans that ran beside each other add up, so that the whole may be longer than the trace took: a frame's width
is work, where a bar of the waterfall is when (https://www.brendangregg.com/flamegraphs.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.causes.span_tree import SpanNode, SpanTree

_DEEPEST: Final = 40
_NARROWEST: Final = 1 / 500


@dataclass(frozen=True, slots=True)
class FlameFrame:
    """Spans of one service and name below the same ancestors.

    Attributes:
        depth: 0 for spans that nothing called.
        start: Where it begins, as a share of the whole.
        width: Its own time and that of what it called, as a share of the whole.
        own_ns: How long none of their children ran, all added up.
        total_ns: `own_ns` with that of what they called.
        span_id: Of the longest of them.
        failed: How many ended with an error.
    """

    depth: int
    start: float
    width: float
    service: str
    name: str
    spans: int
    own_ns: int
    total_ns: int
    span_id: str
    failed: int


def flame_frames(tree: SpanTree) -> tuple[FlameFrame, ...]:
    """Return the frames of a trace, parents before what they called, the widest first; too narrow ones are left out."""
    totals = _totals(tree.nodes)
    whole = max(sum(totals[id(root)] for root in tree.roots), 1)
    frames: list[FlameFrame] = []
    waiting = [(tree.roots, 0, 0)]
    while waiting:
        siblings, depth, start_ns = waiting.pop()
        for same in _merged(siblings, totals):
            total_ns = sum(totals[id(node)] for node in same)
            if total_ns < whole * _NARROWEST or depth > _DEEPEST:
                continue
            longest = max(same, key=lambda node: node.span.duration_ns).span
            failed = sum(node.span.status == "Error" for node in same)
            own_ns = sum(node.self_ns for node in same)
            start, width = start_ns / whole, total_ns / whole
            spans, name, span_id = len(same), longest.name, longest.span_id
            frames.append(
                FlameFrame(depth, start, width, longest.service, name, spans, own_ns, total_ns, span_id, failed)
            )
            waiting.append((tuple(child for node in same for child in node.children), depth + 1, start_ns))
            start_ns += total_ns
    return tuple(frames)


def _totals(nodes: Sequence[SpanNode]) -> dict[int, int]:
    totals: dict[int, int] = {}
    for node in reversed(nodes):  # children before their parents
        totals[id(node)] = node.self_ns + sum(totals[id(child)] for child in node.children)
    return totals


def _merged(siblings: Sequence[SpanNode], totals: dict[int, int]) -> list[list[SpanNode]]:
    same: dict[tuple[str, str], list[SpanNode]] = {}
    for node in siblings:
        same.setdefault((node.span.service, node.span.name), []).append(node)
    return sorted(same.values(), key=lambda nodes: -sum(totals[id(node)] for node in nodes))
