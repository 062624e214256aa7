"""Spans as a tree: whatever arrives becomes one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from outrider.causes.span_tree import CYCLE, MISSING_PARENT, REPEATED_ID, span_tree
from outrider.model import Origin

from .spans import span_of

if TYPE_CHECKING:
    from outrider.model import Span


def at(span: str, parent: str, start_ns: int, took_ns: int) -> Span:
    return span_of("shop", "GET /", span, parent, start_ns=start_ns, took_ns=took_ns)


def test_self_time_is_what_no_child_covers() -> None:
    """Children that overlap are counted once, and only as far as they lie within their parent."""
    tree = span_tree([at("a", "", 0, 100), at("b", "a", 10, 30), at("c", "a", 20, 40), at("d", "a", 90, 50)])

    assert [node.self_ns for node in tree.nodes] == [100 - 50 - 10, 30, 40, 50]


def test_the_critical_path_leads_back_through_the_child_that_ended_last() -> None:
    """What something else outlasts, or what begins after its parent's end, delayed nothing."""
    spans = [
        at("a", "", 0, 100),
        at("b", "a", 10, 30),
        at("c", "a", 20, 60),
        at("d", "c", 25, 10),
        at("e", "a", 150, 9),
    ]

    tree = span_tree(spans)

    critical = {node.span.span_id: node.critical for node in tree.nodes}
    assert critical == {
        "a": [(80, 100), (0, 10)], "b": [(10, 20)], "c": [(35, 80), (20, 25)], "d": [(25, 35)], "e": [],
    }  # fmt: skip
    assert sum(node.critical_ns for node in tree.nodes) == 100


def test_a_cycle_is_entered_at_its_earliest_span() -> None:
    """Each span is there once, and says what is wrong."""
    tree = span_tree([at("a", "c", 0, 10), at("b", "a", 1, 5), at("c", "b", 2, 3), at("d", "d", 3, 1)])

    assert [(node.span.span_id, node.depth) for node in tree.nodes] == [("d", 0), ("a", 0), ("b", 1), ("c", 2)]
    assert tree.nodes[1].note == CYCLE


def test_a_span_without_its_parent_is_a_root_that_says_so() -> None:
    """Sampling and retention leave traces incomplete."""
    tree = span_tree([at("a", "", 0, 10), at("b", "gone", 1, 5)])

    assert [(node.depth, node.note) for node in tree.nodes] == [(0, ""), (0, MISSING_PARENT)]


def test_the_first_span_of_a_probers_trace_says_who_called_it() -> None:
    """The prober sends no span of its own; what lacks another parent still says so."""
    first, second = at("a", "prober", 0, 10), at("b", "gone", 20, 5)
    tree = span_tree([span._replace(origin=Origin.SYNTHETIC) for span in (first, second)])

    assert [node.note for node in tree.nodes] == ["called by the check", MISSING_PARENT]


def test_spans_that_share_an_id_are_all_there() -> None:
    """Their children go to the first."""
    tree = span_tree([at("a", "", 0, 10), at("b", "a", 1, 5), at("b", "a", 2, 5), at("c", "b", 3, 1)])

    assert [(node.span.span_id, node.depth, node.note) for node in tree.nodes] == [
        ("a", 0, ""), ("b", 1, ""), ("c", 2, ""), ("b", 1, REPEATED_ID),
    ]  # fmt: skip


def test_a_trace_as_deep_as_it_is_long_is_a_tree() -> None:
    """Nothing recurses."""
    tree = span_tree([at(f"{number}", f"{number - 1}", number, 20_000) for number in range(10_000)])

    assert tree.nodes[-1].depth == 9_999


IDS = st.sampled_from("abcdef")


SPANS = st.tuples(IDS, st.one_of(IDS, st.just("")), st.integers(0, 50), st.integers(0, 50))


@given(st.lists(SPANS, min_size=1, max_size=20))
def test_every_span_is_in_the_tree_once(parts: list[tuple[str, str, int, int]]) -> None:
    """Whatever parents they name; self time is never negative, and the critical path no longer than its root."""
    tree = span_tree([at(*part) for part in parts])

    assert len(tree.nodes) == len(parts)
    assert all(0 <= node.self_ns <= node.span.duration_ns for node in tree.nodes)
    assert sum(node.critical_ns for node in tree.nodes) == max(root.span.duration_ns for root in tree.roots)
