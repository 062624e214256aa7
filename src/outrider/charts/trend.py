"""A series over time, with the band that it is expected in, new levels and releases."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from outrider.charts.interactive import repeating, with_values
from outrider.charts.scale import Scale, milliseconds, path, ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 640, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 8, 18, 22
_SECOND_US = 1_000_000
_HEADROOM = 1.1


@dataclass(frozen=True, slots=True)
class Trend:
    """What a trend shows; times in microseconds UTC, values in ms, NaN where nothing was measured.

    Attributes:
        low, high: The band, a pair a point; empty without one.
        days: Marks of the axis and their words.
        changes: New levels.
        releases: When they went live, and their names.
        notes: What people noted, at its time.
        outages: When it was down, from and until.
        since_us: Where the period that is reported begins.
    """

    title: str
    at_us: Sequence[int]
    value: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    days: Sequence[tuple[int, str]] = ()
    changes: Sequence[tuple[int, str]] = ()
    releases: Sequence[tuple[int, str]] = ()
    notes: Sequence[tuple[int, str]] = ()
    outages: Sequence[tuple[int, int]] = ()
    since_us: int = 0


def draw_trend(trend: Trend) -> str:
    """Return the chart as SVG with its values, its axis from zero; nothing if there are no values."""
    seen = [value for value in (*trend.value, *trend.low, *trend.high) if math.isfinite(value)]
    if not seen or not any(map(math.isfinite, trend.value)):
        return ""
    y = Scale(0.0, (max(seen) or 1.0) * _HEADROOM, HEIGHT - _BOTTOM, _TOP)
    x = Scale(trend.at_us[0], trend.at_us[-1], _LEFT, WIDTH - _RIGHT)
    parts = [f'<svg class="trend" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><title>{escape(trend.title)}</title>']
    parts += _ground(trend, x, y)
    if trend.low:
        parts.append(_band(trend, x, y))
    parts.append(_line(trend, x, y))
    parts += [_mark("change", x.at(at_us), word, "▲") for at_us, word in trend.changes]
    parts += [_mark("release", x.at(at_us), word, "◆") for at_us, word in trend.releases]
    parts += [_mark("annotation", x.at(at_us), word, "●") for at_us, word in trend.notes]
    return with_values(
        "".join([*parts, "</svg>"]),
        trend.title,
        [value // _SECOND_US for value in trend.at_us],
        {"median": trend.value},
        x="time",
        unit="ms",
        more=_more(trend),
    )


def _more(trend: Trend) -> dict[str, object]:
    marks = (("change", trend.changes), ("release", trend.releases), ("annotation", trend.notes))
    mark_list = [
        {"at": at_us // _SECOND_US, "word": word, "kind": kind} for kind, some in marks for at_us, word in some
    ]
    band = {"band": {"low": repeating(trend.low), "high": repeating(trend.high)}} if trend.low else {}
    spans = [[begin // _SECOND_US, end // _SECOND_US] for begin, end in trend.outages]
    down = {"outages": spans} if spans else {}
    return {"since": trend.since_us // _SECOND_US, "marks": mark_list, **band, **down}


def _ground(trend: Trend, x: Scale, y: Scale) -> list[str]:
    begun = x.at(trend.since_us)
    now = f'<rect class="now" x="{begun}" y="{_TOP}" width="{x.end - begun:.1f}" height="{HEIGHT - _TOP - _BOTTOM}"/>'
    values = ticks(y.low, y.high)
    pace = values[1] - values[0] if len(values) > 1 else 1.0
    lines = [
        f'<path class="grid" d="M{_LEFT} {y.at(value)}H{WIDTH - _RIGHT}"/>'
        f'<text class="y" x="{_LEFT - 5}" y="{y.at(value) + 4}">{milliseconds(value, pace)}</text>'
        for value in values
    ]
    days = [f'<text class="x" x="{x.at(at_us)}" y="{HEIGHT - 6}">{escape(word)}</text>' for at_us, word in trend.days]
    down = [
        f'<rect class="outage" x="{x.at(begin)}" y="{_TOP}" width="{max(x.at(end) - x.at(begin), 1):.1f}"'
        f' height="{HEIGHT - _TOP - _BOTTOM}"/>'
        for begin, end in trend.outages
    ]
    return [now, *down, *lines, *days]


def _band(trend: Trend, x: Scale, y: Scale) -> str:
    upper, lower = (
        [(x.at(at), y.at(value)) for at, value in zip(trend.at_us, edge, strict=True) if math.isfinite(value)]
        for edge in (trend.high, trend.low)
    )
    return path("band", [*upper, *reversed(lower)])


def _line(trend: Trend, x: Scale, y: Scale) -> str:
    return path("line", ((x.at(at), y.at(value)) for at, value in zip(trend.at_us, trend.value, strict=True)))


def _mark(kind: str, place: float, word: str, sign: str) -> str:
    return (
        f'<g class="{kind}"><title>{escape(word)}</title><path d="M{place} {_TOP}V{HEIGHT - _BOTTOM}"/>'
        f'<text x="{place}" y="{_TOP - 5}">{sign}</text></g>'
    )
