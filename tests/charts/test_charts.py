"""Charts: valid SVG of what was measured, and nothing where nothing was."""

from __future__ import annotations

import json
import math
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.charts import (
    Curve,
    Trend,
    Waterfall,
    draw_curve,
    draw_heat,
    draw_lines,
    draw_shift,
    draw_trend,
    draw_waterfall,
)
from outrider.charts.interactive import repeating, shortened
from outrider.charts.scale import milliseconds, path

NAN = math.nan
M = 60_000_000
CHARTS = {
    "trend": draw_trend(
        Trend(
            "<b>&", range(0, 5 * M, M), [1.0, NAN, 3.0, 2.0, NAN], [0.5] * 5, [4.0] * 5,
            [(M, "<i>")], [(2 * M, "<x>")], [(3 * M, '"')],
        )
    ),
    "one point": draw_trend(Trend("t", [7], [0.0])),
    "level": draw_trend(Trend("t", range(3), [5.0] * 3)),
    "shift": draw_shift([1.0, 2.0, 3.0], [2.0, 3.0], ("<old>", "new")),
    "equal": draw_shift([2.0], [2.0], ("old", "new")),
    "waterfall": draw_waterfall([Waterfall("<open>", 0, 100), Waterfall("pay", 100, 50)]),
    "curve": draw_curve(Curve("<b>&", [(10, 90.0), (5, 50.0), (20, 80.0)], (11.0, 92.0, 85.0, 99.0), reached=True)),
    "curve without end": draw_curve(Curve("t", [(5, 50.0), (10, 90.0)], (40.0, 92.0, 85.0, 99.0))),
    "lines": draw_lines("<b>&", [0, 1, 2], {"<p50>": [1.0, NAN, 3.0], "p95": [NAN, 2.0, 4.0]}),
    "failed step": draw_waterfall([Waterfall("open", 0, 100), Waterfall("pay", 100, 50, "<never ended>")]),
    "heat": draw_heat([[NAN] * 24] * 6 + [[5.0] * 24]),
}  # fmt: skip


INTERACTIVE = {"trend", "one point", "level", "curve", "curve without end", "lines"}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_well_formed_and_stays_within_numbers(name: str) -> None:
    """A browser shows nothing of a chart with a NaN in a path."""
    chart = CHARTS[name]

    assert ET.fromstring(chart).tag == ("div" if name in INTERACTIVE else "svg")
    assert "nan" not in chart


@pytest.mark.parametrize(
    ("value", "pace", "shown"),
    [(3.04, 0.05, "3.04 ms"), (3.04, 0.5, "3.0 ms"), (12.4, 0.2, "12.4 ms"), (12.4, 5, "12 ms"), (1250, 50, "1.25 s")],
)
def test_neighbours_on_an_axis_are_told_apart(value: float, pace: float, shown: str) -> None:
    """Quick probes differ by fractions of a millisecond."""
    assert milliseconds(value, pace) == shown


def values(name: str) -> Any:
    return json.loads(ET.fromstring(CHARTS[name]).attrib["data-chart"])


def test_a_trend_brings_its_values() -> None:
    """What a page's script draws is what was measured: gaps stay gaps, and a band that repeats is sent once."""
    trend = values("trend")

    assert trend["at"] == {"first": 0, "pace": 60}
    assert trend["lines"] == [{"name": "median", "values": [1, None, 3, 2, None]}]
    assert trend["band"] == {"low": [0.5], "high": [4]}
    assert [(mark["kind"], mark["word"]) for mark in trend["marks"]] == [("change", "<x>"), ("release", '"')]


def test_a_curve_brings_its_levels_in_order() -> None:
    """A script draws from left to right."""
    curve = values("curve")

    assert curve["at"] == [5, 10, 20]
    assert curve["lines"] == [{"name": "requests/s", "values": [50, 90, 80]}]
    assert curve["marks"] == [{"at": 11, "word": "knee: 92.0/s, 11 users", "kind": "knee"}]


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=4), st.integers(1, 30))
def test_a_repeating_band_is_sent_once_and_loses_nothing(day: list[float], length: int) -> None:
    """Whatever length it is read back to."""
    band = (day * length)[:length]
    sent = repeating(band)

    assert len(sent) <= min(len(day), length)
    assert (sent * length)[:length] == shortened(band)


def test_nothing_is_drawn_of_nothing() -> None:
    """An empty chart would say that there was something to see."""
    assert draw_trend(Trend("t", [1, 2], [NAN, NAN])) == ""
    assert draw_shift([], [1.0], ("", "")) == ""
    assert draw_heat([[NAN] * 24] * 7) == ""
    assert draw_waterfall([]) == ""
    assert draw_curve(Curve("t", [(5, 50.0)])) == ""
    assert draw_lines("t", [0, 1], {"p50": [NAN, NAN]}) == ""


@given(st.lists(st.tuples(st.floats(0, 700), st.one_of(st.just(NAN), st.floats(0, 300))), max_size=30))
def test_a_path_leads_through_its_places(places: list[tuple[float, float]]) -> None:
    """Read back step by step, however short it is written."""
    seen: list[tuple[float, float]] = []
    for letter, x, y in re.findall(r"([Ml])(-?\d+) ?(-?\d+)", path("line", places)):
        before = seen[-1] if letter == "l" else (0.0, 0.0)
        seen.append((before[0] + int(x) / 2, before[1] + int(y) / 2))

    wanted = [place for place in places if not math.isnan(place[1])]
    assert seen == [pytest.approx(place, abs=0.2501) for place in wanted]


def test_a_value_alone_is_drawn_wide_enough_to_be_seen() -> None:
    """Between two gaps there is no line to it; it is a dash, with the value in its middle."""
    assert 'd="M20 40m-3 0h6"' in path("line", [(5, NAN), (10, 20), (15, NAN)])
