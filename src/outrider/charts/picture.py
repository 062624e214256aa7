"""Draw for mail, whose readers show no SVG: the trend of a step as PNG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from outrider.model import locale, short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from outrider.charts.trend import Trend

_DAY_US = 86_400_000_000  # matplotlib counts days since 1970
_INCHES = (4.6, 2.3)  # on a phone, where it is shrunk to 288 pixels, its words can still be read
_DOTS_PER_INCH = 180
_HEADROOM = 1.05  # over the highest value, so that its line is whole
_WORD = 40
_POINTS = 10  # of words: 8.7 pixels on such a phone
_BLUE, _GREY, _RED = "#2363c4", "#8a94a3", "#b3261e"
_SOFT = "#5b6776"  # words in grey: 5.8 times as dark as the ground, where _GREY has 3.1


def band_picture(trend: Trend) -> bytes:
    """Return a trend with its band, new levels, releases and the period that is reported, as PNG."""
    figure, axes = _canvas()
    days = [moment_us / _DAY_US for moment_us in trend.at_us]
    if days and trend.since_us:
        axes.axvspan(max(trend.since_us / _DAY_US, days[0]), days[-1], color=_GREY, alpha=0.12, linewidth=0)
    if trend.low:
        axes.fill_between(days, list(trend.low), list(trend.high), color=_BLUE, alpha=0.18, linewidth=0)
    axes.plot(days, list(trend.value), color=_BLUE, linewidth=1.4, marker=".", markersize=3)
    for at_us, name in trend.releases:
        axes.axvline(at_us / _DAY_US, color=_GREY, linewidth=1, linestyle=":")
        _word(axes, at_us, name)
    for at_us, _ in trend.changes:
        axes.axvline(at_us / _DAY_US, color=_RED, linewidth=1.2, linestyle="--")
    if trend.changes:
        axes.set_xlabel("dashed: new level", fontsize=_POINTS, color=_RED)
    axes.set_xticks([at_us / _DAY_US for at_us, _ in trend.days], [word for _, word in trend.days])
    return _png(figure)


def trend_picture(
    at_us: Sequence[int],
    values_ms: Sequence[float],
    *,
    began_us: int | None = None,
    timezone: str = "UTC",
) -> bytes:
    """Return a step's durations over time as PNG.

    Args:
        at_us: When runs were due, microseconds UTC, shape (n,), n >= 2.
        values_ms: Their durations, shape (n,).
        began_us: When the problem began; marked with a line.
        timezone: Of the reader, in which times are shown.
    """
    figure, axes = _canvas(timezone)
    axes.annotate(timezone, (0, 0), (0, -24), "axes fraction", "offset points", fontsize=_POINTS, color=_SOFT, va="top")
    axes.plot(
        [moment_us / _DAY_US for moment_us in at_us],
        list(values_ms),
        color=_BLUE,
        linewidth=1.2,
        marker=".",
        markersize=3,
    )
    if began_us is not None:
        axes.axvline(began_us / _DAY_US, color=_RED, linewidth=1)
        axes.set_xlabel("upright line: since then", fontsize=_POINTS, color=_RED)
    return _png(figure)


def _canvas(timezone: str = "UTC") -> tuple[Figure, Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - costs half a second
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415 - as above
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    figure = Figure(figsize=_INCHES, dpi=_DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.xaxis_date(timezone)
    locator = AutoDateLocator(timezone, minticks=3, maxticks=5)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, timezone, formats=list(locale().axis)))  # type: ignore[no-untyped-call]
    axes.xaxis.get_offset_text().set_fontsize(_POINTS)
    axes.set_ylabel("ms", fontsize=_POINTS)
    axes.yaxis.set_major_formatter(lambda value, _: short(value))
    axes.grid(visible=True, color=_GREY, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=_POINTS)
    return figure, axes


def _word(axes: Axes, at_us: int, word: str) -> None:
    text = axes.text(at_us / _DAY_US, 0.98, _plain(word), transform=axes.get_xaxis_transform(), rotation=90)
    text.set(fontsize=_POINTS - 1, color=_SOFT, va="top", ha="right")


def _plain(text: str) -> str:
    """Return a text that matplotlib takes for nothing but text: between two dollars it would read mathematics."""
    short = text if len(text) <= _WORD else f"{text[: _WORD - 1]}…"
    return short.replace("$", r"\$")


def _png(figure: Figure) -> bytes:
    for axes in figure.axes:
        axes.set_ylim(bottom=0, top=axes.get_ylim()[1] * _HEADROOM)
    figure.autofmt_xdate(rotation=0, ha="center")
    target = io.BytesIO()
    figure.savefig(target, format="png")
    return target.getvalue()
