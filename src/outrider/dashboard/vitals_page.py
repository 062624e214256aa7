"""The page of vitals: what real users lived through, by page, device, browser and connection."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from outrider.charts import StackedBar, Trend, draw_lines, draw_stacked_bars, draw_trend
from outrider.dashboard.lab_field import lab_and_field, lab_field_values
from outrider.dashboard.page_addresses import sessions_path, vitals_path
from outrider.dashboard.page_templates import render
from outrider.dashboard.page_trend import judged_band, page_series, releases_within
from outrider.dashboard.services_view import DAY_S, HOUR_S, ServicesSpan
from outrider.dashboard.step_trends import day_marks
from outrider.dashboard.vital_figures import vital_figure, vital_tone
from outrider.real_users import BOUNDS, ViewFilter, ViewKey, Vital

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources
    from outrider.real_users import RealUserReader, VitalBin

VIEW_SPANS: Final = ("1h", "6h", "1d", "7d", "30d")
USUAL_VIEW_SPAN: Final = "1d"
FILTERS: Final = (
    "page", "service", "environment", "device", "power", "browser", "connection", "cache", "country", "release",
)  # fmt: skip
ORIGINS: Final = {"": "users", "robot": "robots", "synthetic": "journeys", "load": "loads"}
KEYS: Final = (
    ViewKey.PAGE, ViewKey.DEVICE, ViewKey.POWER, ViewKey.BROWSER, ViewKey.CONNECTION, ViewKey.CACHE, ViewKey.COUNTRY,
    ViewKey.RELEASE, ViewKey.SERVICE,
)  # fmt: skip
_US: Final = 1_000_000
_BINS: Final = 24
_MOST_BINS: Final = {
    Vital.LCP: 8_000.0, Vital.INP: 1_000.0, Vital.CLS: 0.5, Vital.FCP: 6_000.0, Vital.TTFB: 3_600.0,
}  # fmt: skip
_MOST_ROWS: Final = 30
_MOST_RESOURCES: Final = 15


@dataclass(frozen=True, slots=True)
class VitalsQuery:
    """What is asked for: the time, the vital, by what, and which views."""

    span: ServicesSpan
    vital: Vital
    by: ViewKey
    origin: str
    filters: Mapping[str, str]

    @classmethod
    def of(cls, asked: Mapping[str, str], now_us: int) -> VitalsQuery:
        """Return what an address asks for; what cannot be read counts as not asked for."""
        since = asked.get("since", "")
        vital = next((vital for vital in Vital if vital == asked.get("vital", "")), Vital.LCP)
        by = next((key for key in KEYS if key == asked.get("by", "")), ViewKey.PAGE)
        origin = asked.get("origin", "")
        return cls(
            ServicesSpan.of(since if since in VIEW_SPANS else USUAL_VIEW_SPAN, now_us), vital, by,
            origin if origin in ORIGINS else "", {name: asked[name] for name in FILTERS if asked.get(name)},
        )  # fmt: skip

    @property
    def wanted(self) -> ViewFilter:
        """Which views count."""
        return ViewFilter(self.span.since_s * _US, (self.span.until_s + 1) * _US, origin=self.origin, **self.filters)

    def path(self, **changed: str) -> str:
        """Return the path of this page with something else asked for; "" takes it away."""
        values = {
            "since": "" if self.span.name == USUAL_VIEW_SPAN else self.span.name, "vital": self.vital.value,
            "by": self.by.value, "origin": self.origin, **self.filters,
        }  # fmt: skip
        return vitals_path(**(values | changed))


def vitals_page(reader: RealUserReader, sources: Sources, asked: Mapping[str, str], context: PageContext) -> str:
    """Return the page.

    Raises:
        TelemetryError: If the telemetry cannot be asked.
    """
    query = VitalsQuery.of(asked, sources.now_us())
    wanted, vital = query.wanted, query.vital
    whole = reader.all_vitals(wanted)
    is_compared = wanted.page and not query.origin
    values = {
        **lab_field_values(lab_and_field(sources.store, reader, wanted) if is_compared else None),
        "query": query, "whole": whole, "vitals": tuple(Vital), "bounds": BOUNDS, "origins": ORIGINS,
        "rows": reader.vitals(wanted, query.by, limit=_MOST_ROWS) if whole.views else (), "keys": KEYS,
        "most": _MOST_ROWS, "most_bin": _MOST_BINS[vital],
        "times": [(name, query.path(since=name), name == query.span.name) for name in VIEW_SPANS],
        "bars": _histogram(reader, query) if whole.views else "",
        "trend": _trend(reader, sources, query, context.clock.timezone) if whole.views else _NO_TREND,
        "resources": reader.resources(wanted, limit=_MOST_RESOURCES) if whole.views else (),
        "sessions": sessions_path(since=query.span.name, origin=query.origin, **query.filters),
        "narrowed": list(query.filters.items()),
    }  # fmt: skip
    return render("vitals.html", context, values)


def _histogram(reader: RealUserReader, query: VitalsQuery) -> str:
    most = _MOST_BINS[query.vital]
    edges = [most * number / _BINS for number in range(_BINS + 1)]
    bins = reader.vital_bins(query.wanted, query.vital, edges)
    bars = [StackedBar(((_bin_tone(own, query.vital), own.count),), _bin_title(own, query.vital)) for own in bins]
    return draw_stacked_bars(bars, f"{query.vital.upper()} of {sum(own.count for own in bins):,} views")


def _bin_tone(own: VitalBin, vital: Vital) -> str:
    tones = {"good": "good", "warn": "warn", "bad": "bad"}
    return tones[vital_tone(vital, (own.low + min(own.high, own.low * 2 or own.high)) / 2)]


def _bin_title(own: VitalBin, vital: Vital) -> str:
    low = vital_figure(vital, own.low)
    span = f"from {low} on" if math.isinf(own.high) else f"{low} to {vital_figure(vital, own.high)}"
    return f"{span}: {own.count:,} views"


@dataclass(frozen=True, slots=True)
class VitalTrend:
    """The 75th percentile over time as SVG, and whether the judge's band is in it."""

    svg: str = ""
    has_band: bool = False


_NO_TREND: Final = VitalTrend()


def _trend(reader: RealUserReader, sources: Sources, query: VitalsQuery, timezone: str) -> VitalTrend:
    span, vital = query.span, query.vital
    by_time = {point.at_s: point.p75 for point in reader.vital_points(query.wanted, vital, every_s=span.every_s)}
    values = [by_time.get(at_s, math.nan) for at_s in span.grid]
    if vital is Vital.CLS:
        return VitalTrend(_lines(values, span))
    at_us = [at_s * _US for at_s in span.grid]
    low, high = _band(reader, sources, query)
    environment = query.filters.get("environment", "")
    trend = Trend(
        f"{vital.upper()}, 75th percentile", at_us, values, low, high, day_marks(at_us[0], at_us[-1], timezone),
        releases=releases_within(sources.store, environment, at_us[0], at_us[-1]), since_us=at_us[0],
    )  # fmt: skip
    return VitalTrend(draw_trend(trend) if len(by_time) > 1 else "", bool(low))


def _band(reader: RealUserReader, sources: Sources, query: VitalsQuery) -> tuple[Sequence[float], Sequence[float]]:
    """Return the judge's band of a page of one service; nothing of views that are narrowed otherwise, or by the day."""
    asked = query.filters
    if "page" not in asked or query.origin or asked.keys() - {"page", "service", "environment"}:
        return (), ()
    services = [asked["service"]] if "service" in asked else [
        row.key for row in reader.vitals(query.wanted, ViewKey.SERVICE, limit=2)
    ]  # fmt: skip
    if len(services) != 1 or query.span.every_s > HOUR_S:
        return (), ()
    environment = asked.get("environment", "")
    series = page_series(sources.store, services[0], asked["page"], environment, query.vital.upper())
    return judged_band(sources.store, series, np.array(query.span.grid, np.int64)) if series else ((), ())


def _lines(values: Sequence[float], span: ServicesSpan) -> str:
    word, length_s = ("minutes", 60) if span.every_s < HOUR_S // 2 else ("hours", HOUR_S)
    if span.every_s >= DAY_S:
        word, length_s = "days", DAY_S
    ago = [(at_s - span.until_s) / length_s for at_s in span.grid]
    return draw_lines("CLS, 75th percentile", ago, {"p75": values}, x=word)
