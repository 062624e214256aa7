"""Charts: valid SVG of what was measured, and nothing where nothing was."""

from __future__ import annotations

import math
from xml.etree import ElementTree as ET

import pytest

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

NAN = math.nan
CHARTS = {
    "trend": draw_trend(
        Trend("<b>&", range(5), [1.0, NAN, 3.0, 2.0, NAN], [0.5] * 5, [4.0] * 5, [(1, "<i>")], [(2, "<x>")], [(3, '"')])
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


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_well_formed_and_stays_within_numbers(name: str) -> None:
    """A browser shows nothing of a chart with a NaN in a path."""
    chart = CHARTS[name]

    assert ET.fromstring(chart).tag == "svg"
    assert "nan" not in chart


def test_nothing_is_drawn_of_nothing() -> None:
    """An empty chart would say that there was something to see."""
    assert draw_trend(Trend("t", [1, 2], [NAN, NAN])) == ""
    assert draw_shift([], [1.0], ("", "")) == ""
    assert draw_heat([[NAN] * 24] * 7) == ""
    assert draw_waterfall([]) == ""
    assert draw_curve(Curve("t", [(5, 50.0)])) == ""
    assert draw_lines("t", [0, 1], {"p50": [NAN, NAN]}) == ""
