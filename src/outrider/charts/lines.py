"""Several lines over the seconds of a load."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from outrider.charts.interactive import with_values
from outrider.charts.scale import Scale, path, ticks
from outrider.model import short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WIDTH, _HEIGHT = 640, 160
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 8, 20, 34
_KINDS = 4
_WORD = 130


def draw_lines(
    title: str, seconds: Sequence[float], lines: Mapping[str, Sequence[float]], *, x: str = "seconds"
) -> str:
    """Return lines over time as SVG with their values, at most four; nothing where fewer than two moments have a value.

    Args:
        seconds: Since the beginning, ascending, shape (n,).
        lines: Values by name, each of shape (n,); NaN where there is none.
        x: The unit of the horizontal axis.
    """
    lines = dict(list(lines.items())[:_KINDS])
    seen = [value for values in lines.values() for value in values if math.isfinite(value)]
    if len(seconds) < 2 or len(seen) < 2:
        return ""
    across = Scale(seconds[0], seconds[-1], _LEFT, _WIDTH - _RIGHT)
    y = Scale(0, max(seen) * 1.1 or 1, _HEIGHT - _BOTTOM, _TOP)
    parts = [f'<svg class="lines" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"><title>{escape(title)}</title>']
    parts += [
        f'<path class="grid" d="M{_LEFT} {y.at(value)}H{_WIDTH - _RIGHT}"/>'
        f'<text class="y" x="{_LEFT - 5}" y="{y.at(value) + 4}">{short(value)}</text>'
        for value in ticks(y.low, y.high)
    ]
    parts += [
        f'<text class="x" x="{across.at(value)}" y="{_HEIGHT - 20}">{short(value)}</text>'
        for value in ticks(across.low, across.high, 6)
    ]
    parts.append(f'<text class="y" x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 6}">{escape(x)}</text>')
    for index, (name, values) in enumerate(lines.items()):
        places = ((across.at(at), y.at(value)) for at, value in zip(seconds, values, strict=True))
        parts.append(path(f"line l{index}", places))
        left = _LEFT + index * _WORD
        parts.append(f'<path class="line l{index}" d="M{left} 8h24"/>')
        parts.append(f'<text class="l{index}" x="{left + 30}" y="12">{escape(name)}</text>')
    return with_values("".join([*parts, "</svg>"]), title, seconds, lines, x=x)
