"""The spans of a trace as a tree, with self time and critical path. Pure.

Any set of spans becomes a tree: a span whose parent is missing is a root, a cycle is entered at its earliest span, and
of spans that share an id the first is the parent of what names it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from outrider.model import Span

MISSING_PARENT: Final = "its parent is not kept"
CYCLE: Final = "it is its own ancestor"
REPEATED_ID: Final = "another span has its id"
CALLERS: Final = {"synthetic": "called by the check", "load": "called by the load"}
"""Of whose traffic a trace is, by the origin of its spans: the span of such a caller is not sent."""


@dataclass(eq=False, slots=True)
class SpanNode:
    """A span in its tree.

    Attributes:
        depth: 0 for a root.
        note: What is wrong with its place, or who of ours called it; empty for nothing.
        self_ns: How long none of its children ran.
        critical: When the trace waited for it and for none of its children, from the last one on.
    """

    span: Span
    depth: int = 0
    note: str = ""
    children: list[SpanNode] = field(default_factory=list)
    self_ns: int = 0
    critical: list[tuple[int, int]] = field(default_factory=list)

    @property
    def end_ns(self) -> int:
        """When it ended."""
        return self.span.time_ns + self.span.duration_ns

    @property
    def critical_ns(self) -> int:
        """How long the trace waited for it and for none of its children."""
        return sum(end - start for start, end in self.critical)


@dataclass(frozen=True, slots=True)
class SpanTree:
    """The spans of a trace.

    Attributes:
        nodes: Parents before their children, by their start.
        start_ns: When the first span began; `end_ns` when the last one ended.
    """

    roots: tuple[SpanNode, ...]
    nodes: tuple[SpanNode, ...]
    start_ns: int
    end_ns: int


def span_tree(spans: Sequence[Span]) -> SpanTree:
    """Return the tree of spans, at least one."""
    nodes = [SpanNode(span) for span in sorted(spans, key=lambda span: (span.time_ns, -span.duration_ns, span.span_id))]
    roots = _linked(nodes)
    ordered = tuple(_preorder(roots))
    for node in ordered:
        node.self_ns = node.span.duration_ns - _covered(node)
    mark_critical(max(roots, key=lambda root: root.span.duration_ns))
    start_ns, end_ns = min(node.span.time_ns for node in nodes), max(node.end_ns for node in nodes)
    return SpanTree(tuple(roots), ordered, start_ns, end_ns)


def _linked(nodes: Sequence[SpanNode]) -> list[SpanNode]:
    """Give every node to its parent; return those that have none."""
    first: dict[str, SpanNode] = {}
    for node in nodes:
        if first.setdefault(node.span.span_id, node) is not node:
            node.note = REPEATED_ID
    roots: list[SpanNode] = []
    children: dict[int, list[SpanNode]] = defaultdict(list)
    for node in nodes:
        parent = first.get(node.span.parent_span_id) if node.span.parent_span_id else None
        if parent is None or parent is node:
            if node.span.parent_span_id and parent is None:
                node.note = CALLERS.get(node.span.origin, MISSING_PARENT) if node is nodes[0] else MISSING_PARENT
            roots.append(node)
        else:
            children[id(parent)].append(node)
    reached: set[int] = set()
    for root in roots:
        _descend(root, children, reached)
    for node in nodes:  # what no root leads to is in a cycle, or below one
        if id(node) not in reached:
            node.note = CYCLE
            roots.append(node)
            _descend(node, children, reached)
    return roots


def _descend(root: SpanNode, children: dict[int, list[SpanNode]], reached: set[int]) -> None:
    """Link what is below a node, each span once."""
    reached.add(id(root))
    waiting = [root]
    while waiting:
        node = waiting.pop()
        for child in children[id(node)]:
            if id(child) not in reached:
                reached.add(id(child))
                child.depth = node.depth + 1
                node.children.append(child)
                waiting.append(child)


def _preorder(roots: Iterable[SpanNode]) -> Iterator[SpanNode]:
    waiting = list(roots)[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children[::-1]


def _covered(node: SpanNode) -> int:
    """Return how long at least one child of a node ran, within the node."""
    covered, reached_ns = 0, node.span.time_ns
    for child in node.children:  # by their start
        start, end = max(child.span.time_ns, reached_ns), min(child.end_ns, node.end_ns)
        if end > start:
            covered += end - start
            reached_ns = end
    return covered


def mark_critical(root: SpanNode) -> None:
    """Mark what the end of a root waited for: going back from it, always the child that ended last.

    A child that began after its parent's end, or that something else outlasted, delayed nothing.
    """
    waiting = [(root, root.span.time_ns, root.end_ns)]
    while waiting:
        node, floor_ns, cursor_ns = waiting.pop()
        for child in sorted(node.children, key=lambda child: child.end_ns, reverse=True):
            start_ns, end_ns = max(child.span.time_ns, floor_ns), min(child.end_ns, cursor_ns)
            if start_ns < end_ns:
                if end_ns < cursor_ns:
                    node.critical.append((end_ns, cursor_ns))
                waiting.append((child, start_ns, end_ns))
                cursor_ns = start_ns
        if floor_ns < cursor_ns:
            node.critical.append((floor_ns, cursor_ns))
