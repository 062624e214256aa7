"""The rate that a target answers at each number of users, and where more users bring no more."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from outrider.charts.interactive import with_values
from outrider.charts.scale import Scale, path, ticks
from outrider.model import counted, number, short

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT = 640, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 12, 18, 34


@dataclass(frozen=True, slots=True)
class Curve:
    """A load that went through several levels.

    Attributes:
        levels: Users and requests a second of each, in any order.
        knee: Users and rate at the knee, and the interval of the rate; None where none was found.
        reached: Whether the load went far enough to see the knee.
    """

    title: str
    levels: Sequence[tuple[float, float]]
    knee: tuple[float, float, float, float] | None = None
    reached: bool = False


def draw_curve(curve: Curve) -> str:
    """Return the chart as SVG with its values; nothing for fewer than two levels."""
    if len(curve.levels) < 2:
        return ""
    points = sorted(curve.levels)
    highest = max(rate for _, rate in points)
    if curve.knee is not None and curve.reached:
        highest = max(highest, curve.knee[3])
    x = Scale(0, points[-1][0] or 1, _LEFT, _WIDTH - _RIGHT)
    y = Scale(0, highest * 1.1 or 1, _HEIGHT - _BOTTOM, _TOP)
    line = path("line", ((x.at(users), y.at(rate)) for users, rate in points))
    dots = "".join(f'<circle class="dot" cx="{x.at(users)}" cy="{y.at(rate)}" r="2.5"/>' for users, rate in points)
    head = f'<svg class="curve" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"><title>{escape(curve.title)}</title>'
    svg = f"{head}{_ground(x, y)}{_knee(curve, x, y)}{line}{dots}</svg>"
    users, rates = zip(*points, strict=True)
    return with_values(svg, curve.title, users, {"requests/s": rates}, x="users", more={"marks": _marks(curve)})


def _marks(curve: Curve) -> list[dict[str, object]]:
    if curve.knee is None or not curve.reached:
        return []
    users, rate, *_ = curve.knee
    return [{"at": users, "word": _knee_label(rate, users), "kind": "knee"}]


def _knee_label(rate: float, users: float) -> str:
    return f"knee: {number(rate, '.1f')}/s, {counted(round(users), 'user')}"


def _ground(x: Scale, y: Scale) -> str:
    rows = "".join(
        f'<path class="grid" d="M{_LEFT} {y.at(value)}H{_WIDTH - _RIGHT}"/>'
        f'<text class="y" x="{_LEFT - 5}" y="{y.at(value) + 4}">{short(value)}</text>'
        for value in ticks(y.low, y.high)
    )
    columns = "".join(
        f'<text class="x" x="{x.at(value)}" y="{_HEIGHT - 20}">{short(value)}</text>'
        for value in ticks(x.low, x.high, 6)
    )
    words = f'<text x="{_LEFT}" y="11">requests/s</text>'
    words += f'<text class="y" x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 6}">users</text>'
    return rows + columns + words


def _knee(curve: Curve, x: Scale, y: Scale) -> str:
    if curve.knee is None or not curve.reached:
        return ""
    users, rate, low, high = curve.knee
    top, bottom = y.at(high), y.at(low)
    band = f'<rect class="band" x="{_LEFT}" y="{top}" width="{_WIDTH - _RIGHT - _LEFT}" height="{bottom - top:.1f}"/>'
    place = x.at(users)
    label = _knee_label(rate, users)
    word = f'<text class="x" x="{min(max(place, 160), _WIDTH - 80)}" y="{_TOP - 6}">{label}</text>'
    return f'{band}<g class="knee"><path d="M{place} {_TOP}V{_HEIGHT - _BOTTOM}"/>{word}</g>'
