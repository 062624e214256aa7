"""The values behind a chart, which the page's script makes one to point at and to zoom.

The script is built from `frontend/` into this package. A page without it shows the same charts, standing still.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIGURES = 4


@dataclass(frozen=True, slots=True)
class Assets:
    """What a page needs to have interactive charts.

    Attributes:
        integrity: The script's source for `script-src` of a Content-Security-Policy.
    """

    script: str
    style: str
    integrity: str


@cache
def assets() -> Assets | None:
    """Return the script and its style; None in a package that was built without."""
    folder = files("outrider.charts") / "built"
    try:
        script, style = (folder.joinpath(f"report.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
    except FileNotFoundError:
        return None
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return Assets(script, style, f"'sha256-{digest}'")


def with_values(
    svg: str,
    title: str,
    at: Sequence[float],
    lines: Mapping[str, Sequence[float]],
    *,
    x: str,
    unit: str = "",
    more: Mapping[str, object] | None = None,
) -> str:
    """Return a chart together with its values; nothing stays nothing.

    Args:
        at: Places on the x axis, ascending, shape (n,); seconds since 1970 where `x` is time.
        lines: Values by name, each of shape (n,); NaN where nothing was measured.
        x: time, seconds or users.
        unit: ms or nothing.
        more: band, marks and since, as `frontend/src/chart.ts` has them.
    """
    if not svg:
        return ""
    series = [{"name": name, "values": shortened(values)} for name, values in lines.items()]
    chart = {"title": title, "x": x, "unit": unit, "at": _spaced(at), "lines": series, **(more or {})}
    text = json.dumps(chart, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Between single quotes: a JSON text is full of double ones.
    for sign, entity in (("&", "&amp;"), ("'", "&#39;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, entity)
    return f"<div class=\"chart\" data-chart='{text}'>{svg}</div>"


def shortened(values: Sequence[float]) -> list[float | None]:
    """Return values to four figures, None where nothing was measured."""
    return [_short(float(f"{value:.{_FIGURES}g}")) if math.isfinite(value) else None for value in values]


def repeating(values: Sequence[float]) -> list[float | None]:
    """Return a day's values of a band that has the same ones every day."""
    day = shortened(values)
    return next(day[:length] for length in range(1, len(day) + 1) if day == _repeated(day[:length], len(day)))


def _repeated(values: list[Any], length: int) -> list[Any]:
    return (values * -(-length // len(values)))[:length]


def _short(value: float) -> float:
    return int(value) if value.is_integer() else value


def _spaced(at: Sequence[float]) -> object:
    """Return even places as the first and the pace, others one by one."""
    if len(at) > 2:
        pace = at[1] - at[0]
        if all(later - earlier == pace for earlier, later in pairwise(at)):
            return {"first": _short(float(at[0])), "pace": _short(float(pace))}
    return [_short(float(place)) for place in at]
