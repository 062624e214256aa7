"""Several lines over time, of any unit."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from outrider.charts.interactive import with_values
from outrider.charts.scale import Scale, milliseconds, path, ticks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_LINES = 4
_WIDTH, _HEIGHT = 640, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 8, 10, 22


def draw_time_lines(
    title: str,
    at_s: Sequence[int],
    lines: Mapping[str, Sequence[float]],
    *,
    marks: Sequence[tuple[int, str]],
    unit: str = "",
) -> str:
    """Return lines over time as SVG with their values, at most four; nothing without a value.

    Args:
        title: What it shows, for those who do not see it.
        at_s: Seconds since 1970, ascending, shape (n,).
        lines: Values by name, each of shape (n,); NaN where there is none.
        marks: Marks of the axis in seconds since 1970, and their words.
        unit: "ms" for durations; any other is left to the page.
    """
    lines = dict(list(lines.items())[:MOST_LINES])
    seen = [value for values in lines.values() for value in values if math.isfinite(value)]
    if not seen or len(at_s) < 2:
        return ""
    x = Scale(at_s[0], at_s[-1], _LEFT, _WIDTH - _RIGHT)
    y = Scale(min(0.0, *seen), (max(*seen, 0.0) or 1.0) * 1.1, _HEIGHT - _BOTTOM, _TOP)
    parts = [f'<svg class="lines" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"><title>{escape(title)}</title>']
    for value in ticks(y.low, y.high):
        word = milliseconds(value) if unit == "ms" else f"{value:,g}"
        parts.append(f'<path class="grid" d="M{_LEFT} {y.at(value)}H{_WIDTH - _RIGHT}"/>')
        parts.append(f'<text class="y" x="{_LEFT - 5}" y="{y.at(value) + 4}">{word}</text>')
    parts += [f'<text class="x" x="{x.at(at)}" y="{_HEIGHT - 6}">{escape(word)}</text>' for at, word in marks]
    for number, values in enumerate(lines.values()):
        places = (
            (x.at(at), y.at(value) if math.isfinite(value) else value) for at, value in zip(at_s, values, strict=True)
        )
        parts.append(path(f"line l{number}", places))
    return with_values("".join([*parts, "</svg>"]), title, at_s, lines, x="time", unit="ms" if unit == "ms" else "")
