"""Where a step waited, by the spans of its traces: every moment belongs to one span, or to none. Pure.

A step waits for a span while it runs and none of its children does; of those that run side by side, for the one that
ends last (the critical path). So the parts of a step add up to its duration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from outrider.causes.span_tree import SpanNode, mark_critical, span_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence, Set

    from outrider.model import Span

MOST_SPANS: Final = 5_000
"""Of one step of a run; of more there is no telling, since a part of them would mislead."""

_NS: Final = 1e6
_NUMBER: Final = re.compile(r"(?<=[/=:#])(?:\d+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-fA-F]{16,})(?=[/?&:#]|$)")
_CALL: Final = "Client"
_ANSWER: Final = "Server"
_APART_NS: Final = 10**9
"""A server so far from its caller has another clock, whatever kind of span the caller is."""

_LONGER: Final = 1.1
_SLACK_MS: Final = 10.0
"""Spans may take so much longer than the step that they belong to, as its clock and theirs are read apart."""


class Place(NamedTuple):
    """A service and its operation, at one position of a trace.

    Attributes:
        above: The operation that it is below; empty at the root.
    """

    service: str
    operation: str
    above: str = ""


class Places:
    """Numbers every position of traces: what is below the same operations has the same number, in whatever run."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, str, str], int] = {}
        self._places: list[Place] = []
        self._parents: list[int] = []
        self._callers: set[int] = set()

    def __getitem__(self, number: int) -> Place:
        """Return the place of a number."""
        return self._places[number]

    @property
    def calls(self) -> Set[int]:
        """The numbers of places that wait for another's answer."""
        return self._callers

    def above(self, number: int) -> int:
        """Return the number of the place that one is below, -1 for a root."""
        return self._parents[number]

    def caller(self, number: int) -> int:
        """Return the number of the call to another service that a place answers, -1 for none."""
        parent = self._parents[number]
        is_other = parent >= 0 and self[parent].service != self[number].service
        return parent if is_other and parent in self._callers else -1

    def number(self, parent: int, service: str, operation: str, *, calls: bool = False) -> int:
        """Return the number of an operation below another, -1 for a root; `calls` if it waits for an answer."""
        key = (parent, service, operation)
        number = self._numbers.setdefault(key, len(self._places))
        if number == len(self._places):
            self._places.append(Place(service, operation, self._places[parent].operation if parent >= 0 else ""))
            self._parents.append(parent)
        if calls:
            self._callers.add(number)
        return number


def without_numbers(name: str) -> str:
    """Return an operation with `*` for the numbers and ids in its path."""
    return _NUMBER.sub("*", name)


@dataclass(slots=True)
class Waited:
    """How long a step waited for a place, how often that ran and failed, and how many bytes it brought.

    Attributes:
        unended: How often its duration is not known.
    """

    ms: float = 0.0
    count: int = 0
    errors: int = 0
    bytes: int = 0
    unended: int = 0


@dataclass(frozen=True, slots=True)
class StepParts:
    """One run's step.

    Attributes:
        duration_ms: Of the step as the prober measured it.
        places: By number of place; they and the two below add up to the duration.
        between_ms: While traces had begun, and none of their spans ran.
        outside_ms: Before the first span and after the last: browser, network, and what sends no spans.
    """

    duration_ms: float
    places: dict[int, Waited]
    between_ms: float
    outside_ms: float


def step_parts(
    places: Places, duration_ms: float, traces: Iterable[Sequence[Span]], window_ns: tuple[int, int] | None = None
) -> StepParts | str:
    """Return what a step waited for, or why that is not known.

    Spans that arrived twice count once. Where the clock of a service is apart from its caller's, its spans are moved
    into the call that they answer. Clocks of prober and services are compared only where there is a window.

    Args:
        places: What numbers them, for all runs that are to be compared.
        duration_ms: Of the step.
        traces: The spans of each.
        window_ns: What begins outside of it belongs to other steps.
    """
    kept = [spans for spans in traces if spans]
    if sum(map(len, kept)) > MOST_SPANS:
        return f"its traces have more than {MOST_SPANS:,} spans"
    roots = [root for spans in kept for root in _roots(spans)]
    if not roots:
        return "no spans of its traces are kept"
    if window_ns is not None:
        roots = [root for root in roots if window_ns[0] <= root.span.time_ns <= window_ns[1]]
        if not roots:
            return "no spans of its traces begin while the step ran: they are of other steps, or clocks are apart"
    if all(root.span.duration_ns <= 0 for root in roots):
        return "its spans have no durations"
    start_ns = min(root.span.time_ns for root in roots)
    extent_ns = max(root.end_ns for root in roots) - start_ns
    if extent_ns / _NS > duration_ms * _LONGER + _SLACK_MS:
        return "its traces last longer than the step: clocks are apart, or trace ids are used again"
    step = SpanNode(roots[0].span._replace(time_ns=start_ns, duration_ns=extent_ns), children=roots)
    mark_critical(step)
    return StepParts(
        duration_ms, _waited(places, roots), step.critical_ns / _NS, duration_ms - extent_ns / _NS
    )  # fmt: skip


def _roots(spans: Sequence[Span]) -> tuple[SpanNode, ...]:
    """Return the roots of a trace without what is there twice, its clocks put right, and nothing marked."""
    tree = span_tree(list({(span.span_id, span.time_ns, span.name): span for span in spans}.values()))
    shift_ns: dict[int, int] = {}
    for node in tree.nodes:  # parents before their children
        node.critical.clear()
        for child in node.children:
            if moved_ns := _shift_ns(node, child, shift_ns.get(id(node), 0)):
                shift_ns[id(child)] = moved_ns
                child.span = child.span._replace(time_ns=child.span.time_ns + moved_ns)
    for node in reversed(tree.nodes):
        if node.span.duration_ns <= 0 and node.children:  # its end was not recorded
            end_ns = max(child.end_ns for child in node.children)
            node.span = node.span._replace(duration_ns=max(end_ns - node.span.time_ns, 0))
    return tree.roots


def _shift_ns(parent: SpanNode, child: SpanNode, inherited_ns: int) -> int:
    """Return how far a child is to be moved: as its parent was, and into the middle of a call that it answers."""
    start_ns = child.span.time_ns + inherited_ns
    apart_ns = max(parent.span.time_ns - start_ns, start_ns - parent.end_ns)
    is_call = parent.span.kind == _CALL or (child.span.kind == _ANSWER and apart_ns > _APART_NS)
    answers = is_call and child.span.service != parent.span.service
    spare_ns = parent.span.duration_ns - child.span.duration_ns
    is_inside = start_ns >= parent.span.time_ns and start_ns + child.span.duration_ns <= parent.end_ns
    if is_inside or not answers or spare_ns < 0:
        return inherited_ns
    return parent.span.time_ns + spare_ns // 2 - child.span.time_ns


def _waited(places: Places, roots: Sequence[SpanNode]) -> dict[int, Waited]:
    waited: dict[int, Waited] = {}
    ahead = [(root, -1) for root in roots]
    while ahead:
        node, above = ahead.pop()
        operation = without_numbers(node.span.name) or "(no name)"
        number = places.number(above, node.span.service, operation, calls=node.span.kind == _CALL)
        of_place = waited.setdefault(number, Waited())
        of_place.ms += node.critical_ns / _NS
        of_place.count += 1
        of_place.errors += node.span.status == "Error"
        of_place.unended += node.span.duration_ns <= 0
        ahead += [(child, number) for child in node.children]
    return waited
