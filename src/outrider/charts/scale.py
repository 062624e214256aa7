"""From values to places on a chart, and from values to words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from outrider.model import number

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps low..high to start..end; a span of nothing maps to the start."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the place of a value, held within the chart."""
        span = self.high - self.low
        share = min(max((value - self.low) / span, 0.0), 1.0) if span else 0.0
        return round(self.start + share * (self.end - self.start), 1)


def path(kind: str, places: Iterable[tuple[float, float]]) -> str:
    """Return a line through places as a short path of that class, to half a unit; NaN is a gap, one alone a dash."""
    halves = [(round(x * 2), round(y * 2)) if math.isfinite(y) else None for x, y in places]
    stretches = (list(filter(None, stretch)) for _, stretch in groupby(halves, bool))
    drawn = "".join(_stretch(stretch) for stretch in stretches if stretch)
    return f'<path class="{kind}" transform="scale(.5)" d="{drawn.replace(" -", "-")}"/>'


def _stretch(places: list[tuple[int, int]]) -> str:
    """Return one unbroken line; each place is told from the one before it."""
    (x, y), *rest = places
    if not rest:
        return f"M{x} {y}m-3 0h6"
    return f"M{x} {y}" + "".join(f"l{to[0] - at[0]} {to[1] - at[1]}" for at, to in pairwise(places))


def ticks(low: float, high: float, wanted: int = 3) -> list[float]:
    """Return round numbers between low and high."""
    if not high > low:
        return [low]
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    pace = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    first = math.ceil(low / pace)
    return [number * pace for number in range(first, math.floor(high / pace) + 1)]


def milliseconds(value: float, pace: float = 1.0) -> str:
    """Return a duration as a reader wants it; on an axis, told apart from one that is `pace` away."""
    if value >= 10_000:
        return f"{number(value / 1000, '.1f')} s"
    if value >= 1000:
        return f"{number(value / 1000, '.2f')} s"
    decimals = 0 if not value else 2 if pace < 0.1 else 0 if value >= 10 and pace >= 1 else 1
    return f"{number(value, f'.{decimals}f')} ms"
