"""Strips that fit into a line of a table: how runs ended slot by slot, and a duration over the last hours."""

from __future__ import annotations

import math
from functools import lru_cache
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from outrider.charts.scale import Scale, path

if TYPE_CHECKING:
    from collections.abc import Sequence

_SLOT, _BAR = 4, 24
_SPARK_WIDTH, _SPARK_HEIGHT = 96, 24


def draw_uptime(tones: Sequence[str], title: str, marks: Sequence[float] = ()) -> str:
    """Return a strip of slots, the oldest first; colour and height tell tones apart.

    Slots of one tone that follow each other are one line, which the style sheet divides by its dashes: a strip of
    ninety good days is no longer than one of a single day.

    Args:
        tones: good, warn (partly), bad, gap (nothing was learnt) or none (nothing was due).
        title: What the strip says, for those who do not see it.
        marks: Places of releases, in slots from the left.
    """
    return _uptime(tuple(tones), title, tuple(marks))


@lru_cache(maxsize=4_096)
def _uptime(tones: tuple[str, ...], title: str, marks: tuple[float, ...]) -> str:
    """Return the strip; one page after the other shows the same."""
    width, start = len(tones) * _SLOT, 0
    parts: list[str] = []
    for tone, slots in groupby(tones):
        count = len(list(slots))
        parts.append(f'<path class="{escape(tone)}" d="M{start * _SLOT} {_BAR / 2:g}h{count * _SLOT}"/>')
        start += count
    placed = "".join(f"M{min(max(mark, 0), len(tones)) * _SLOT:.1f} {_BAR}v4" for mark in marks)
    parts.append(f'<path class="mark" d="{placed}"/>' if placed else "")
    head = f'<svg class="uptime" viewBox="0 0 {width or 1} {_BAR + 4}" preserveAspectRatio="none" role="img">'
    return f"{head}<title>{escape(title)}</title>{''.join(parts)}</svg>"


def draw_sparkline(values: Sequence[float], title: str) -> str:
    """Return a small line; nothing without a value. NaN is a gap."""
    return _sparkline(tuple(values), title)


@lru_cache(maxsize=4_096)
def _sparkline(values: tuple[float, ...], title: str) -> str:
    seen = [value for value in values if math.isfinite(value)]
    if not seen:
        return ""
    y = Scale(0.0, max(seen) or 1.0, _SPARK_HEIGHT - 2, 2)
    x = Scale(0, max(len(values) - 1, 1), 2, _SPARK_WIDTH - 2)
    places = [(x.at(index), y.at(value) if math.isfinite(value) else value) for index, value in enumerate(values)]
    head = f'<svg class="spark" viewBox="0 0 {_SPARK_WIDTH} {_SPARK_HEIGHT}" role="img">'
    return f"{head}<title>{escape(title)}</title>{path('line', places)}</svg>"
