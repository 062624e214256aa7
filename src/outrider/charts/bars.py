"""Bars: where durations moved, and in which order the steps of a run follow each other."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from outrider.charts.scale import Scale, milliseconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

_BINS = 32
_WIDTH, _HEIGHT = 320, 130
_ROW = 22


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A step: when it begins within the run and how long it takes, in ms; `wrong` if it failed, and how."""

    name: str
    offset_ms: float
    duration_ms: float
    wrong: str = ""


def draw_shift(before: ArrayLike, now: ArrayLike, words: tuple[str, str]) -> str:
    """Return how two sets of durations [ms] are spread, as shares on a logarithmic axis; nothing if one is empty."""
    old, new = (np.asarray(durations, np.float64) for durations in (before, now))
    old, new = old[old > 0], new[new > 0]
    if not len(old) or not len(new):
        return ""
    both = np.concatenate([old, new])
    low, high = np.quantile(both, [0.002, 0.995])
    if not high > low:
        low, high = low * 0.9, high * 1.1
    edges = np.geomspace(low, high, _BINS + 1)
    shares = [np.histogram(np.clip(durations, low, high), edges)[0] / len(durations) for durations in (old, new)]
    y = Scale(0, float(max(durations.max() for durations in shares)), _HEIGHT - 22, 18)
    x = Scale(0, _BINS, 6, _WIDTH - 6)
    legend = f'<text class="old" x="6" y="11">{escape(words[0])}</text><text class="new" x="120" y="11">'
    legend += f"{escape(words[1])}</text>"
    axis = "".join(
        f'<text class="x" x="{x.at(_BINS * share)}" y="{_HEIGHT - 6}">'
        f"{milliseconds(float(low * (high / low) ** share))}</text>"
        for share in (0.1, 0.5, 0.9)
    )
    outlines = "".join(
        f'<path class="{kind}" d="{_outline(share, x, y)}"/>'
        for kind, share in zip(("old", "new"), shares, strict=True)
    )
    title = "<title>Distribution of durations</title>"
    return f'<svg class="shift" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">{title}{legend}{outlines}{axis}</svg>'


def _outline(shares: ArrayLike, x: Scale, y: Scale) -> str:
    steps = [f"H{x.at(number)}V{y.at(float(share))}" for number, share in enumerate(np.asarray(shares))]
    return f"M{x.at(0)} {y.at(0)}{''.join(steps)}H{x.at(_BINS)}V{y.at(0)}Z"


def draw_waterfall(steps: Sequence[Waterfall]) -> str:
    """Return the steps of a run one below the other; nothing for fewer than two."""
    if len(steps) < 2:
        return ""
    end = max(step.offset_ms + step.duration_ms for step in steps)
    x = Scale(0, end, 170, 560)
    rows = "".join(_bar(step, number * _ROW, x) for number, step in enumerate(steps))
    head = f'<svg class="waterfall" viewBox="0 0 640 {len(steps) * _ROW + 4}" role="img"><title>Steps of a run</title>'
    return f"{head}{rows}</svg>"


def _bar(step: Waterfall, top: float, x: Scale) -> str:
    begin, end = x.at(step.offset_ms), x.at(step.offset_ms + step.duration_ms)
    name = step.name if len(step.name) <= 24 else f"{step.name[:23]}…"
    word = escape(step.wrong) or milliseconds(step.duration_ms)
    kind = ' class="wrong"' if step.wrong else ""
    return (
        f'<text x="164" y="{top + 15}" class="y">{escape(name)}</text>'
        f'<rect{kind} x="{begin}" y="{top + 4}" width="{max(end - begin, 1.0):.1f}" height="14"/>'
        f'<text x="{end + 5:.1f}" y="{top + 15}">{word}</text>'
    )
