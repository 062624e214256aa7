"""A trace as a flame graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.causes import flame_frames, span_tree

from .spans import span_of

if TYPE_CHECKING:
    from outrider.model import Span


def at(name: str, span: str, parent: str, start_ns: int, took_ns: int) -> Span:
    return span_of("shop", name, span, parent, start_ns=start_ns, took_ns=took_ns)


def test_spans_of_one_name_below_one_caller_are_one_frame() -> None:
    """As wide as what they took together, and led to by the longest."""
    queries = [at("SELECT", str(number), "a", 10 * number, 4 + number) for number in range(1, 4)]
    tree = span_tree([at("GET", "a", "", 0, 100), *queries, at("render", "r", "a", 60, 30)])

    frames = flame_frames(tree)

    assert [(frame.depth, frame.name, frame.spans, frame.total_ns, frame.own_ns) for frame in frames] == [
        (0, "GET", 1, 100, 100 - 18 - 30), (1, "render", 1, 30, 30), (1, "SELECT", 3, 18, 18),
    ]  # fmt: skip
    assert frames[2].span_id == "3"
    assert frames[2].start == pytest.approx(0.3)
    assert frames[2].width == pytest.approx(0.18)


def test_work_side_by_side_adds_up() -> None:
    """The whole is longer than the trace took."""
    frames = flame_frames(span_tree([at("a", "a", "", 0, 100), at("b", "b", "a", 0, 100), at("c", "c", "a", 0, 100)]))

    assert [(frame.name, frame.total_ns, frame.width) for frame in frames] == [
        ("a", 200, 1.0), ("b", 100, 0.5), ("c", 100, 0.5),
    ]  # fmt: skip


def test_a_trace_without_any_time_has_no_frames() -> None:
    """Its spans say nothing of durations."""
    assert flame_frames(span_tree([at("a", "a", "", 0, 0)])) == ()


IDS = st.sampled_from("abcdef")


@given(st.lists(st.tuples(IDS, IDS, st.one_of(IDS, st.just("")), st.integers(0, 50), st.integers(0, 50)), min_size=1))
def test_frames_of_a_level_do_not_overlap(parts: list[tuple[str, str, str, int, int]]) -> None:
    """Whatever parents spans name; all lie within the whole."""
    reached: dict[int, float] = {}
    for frame in sorted(flame_frames(span_tree([at(*part) for part in parts])), key=lambda frame: frame.start):
        assert frame.start >= reached.get(frame.depth, 0.0) - 1e-9
        assert frame.own_ns <= frame.total_ns
        reached[frame.depth] = frame.start + frame.width
        assert reached[frame.depth] <= 1 + 1e-9
