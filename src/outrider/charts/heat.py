"""A heat map of hours and weekdays."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from outrider.charts.scale import milliseconds
from outrider.model import locale

if TYPE_CHECKING:
    from collections.abc import Sequence

_CELL = 11
_LEAST_SPAN = 0.25
"""The darkest shade is at least so much more than the lightest, as a share: small differences stay small."""


def draw_heat(rows: Sequence[Sequence[float]], timezone: str = "UTC") -> str:
    """Return medians [ms] by weekday (Monday first) and hour, 7 rows of 24; nothing if all are NaN.

    A cell's colour is its rank between the least and the greatest, in ten shades that span a quarter of the least or
    more; what was not measured stays empty.
    """
    seen = [value for row in rows for value in row if math.isfinite(value)]
    if not seen:
        return ""
    low = min(seen)
    span = max(max(seen) - low, low * _LEAST_SPAN) or 1.0
    weekdays = locale().weekdays
    title = f"Median by hour and weekday ({escape(timezone)})"
    parts = [f'<svg class="heat" viewBox="0 0 300 124" role="img"><title>{title}</title>']
    for day, row in enumerate(rows):
        top = day * (_CELL + 1) + 2
        parts.append(f'<text class="y" x="26" y="{top + 9}">{weekdays[day]}</text>')
        for hour, value in enumerate(row):
            shade = f"h{int((value - low) / span * 9)}" if math.isfinite(value) else "none"
            word = milliseconds(value) if math.isfinite(value) else "not measured"
            parts.append(
                f'<rect class="{shade}" x="{30 + hour * _CELL}" y="{top}" width="10" height="{_CELL}">'
                f"<title>{weekdays[day]} {hour:02}:00 {word}</title></rect>"
            )
    parts += [f'<text class="x" x="{35 + hour * _CELL}" y="98">{hour:02}</text>' for hour in (0, 6, 12, 18, 23)]
    legend = f"{milliseconds(low)} ▢…■ {milliseconds(low + span)}"
    words = f'<text x="30" y="110">{title}</text><text x="30" y="122">{legend}</text></svg>'
    return "".join([*parts, words])
