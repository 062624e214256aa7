"""Draw for mail, whose readers show no SVG: the trend of a step as PNG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_DAY_US = 86_400_000_000  # matplotlib counts days since 1970
_INCHES = (6.4, 2.4)
_DOTS_PER_INCH = 110
_BLUE, _GREY, _RED = "#2363c4", "#8a94a3", "#b3261e"


def trend_picture(
    at_us: Sequence[int], values_ms: Sequence[float], *, title: str, began_us: int | None = None
) -> bytes:
    """Return a step's durations over time as PNG.

    Args:
        at_us: When runs were due, microseconds UTC, shape (n,), n >= 2.
        values_ms: Their durations, shape (n,).
        title: What they are of.
        began_us: When trouble began; marked with a line.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - costs half a second
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    figure = Figure(figsize=_INCHES, dpi=_DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.xaxis_date("UTC")
    axes.plot([one / _DAY_US for one in at_us], list(values_ms), color=_BLUE, linewidth=1.2, marker=".", markersize=3)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("ms")
    axes.set_title(title, fontsize=9, loc="left")
    axes.grid(visible=True, color=_GREY, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    if began_us is not None:
        axes.axvline(began_us / _DAY_US, color=_RED, linewidth=1)
        axes.set_xlabel("red: since when", fontsize=8, color=_RED, loc="right")
    figure.autofmt_xdate(rotation=0, ha="center")
    target = io.BytesIO()
    figure.savefig(target, format="png")
    return target.getvalue()
