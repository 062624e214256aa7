"""The page of real users that an incident is of: who suffered, and which journeys that open it saw it, too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from outrider.alerts import Problem, length
from outrider.charts import Trend, draw_trend
from outrider.dashboard.page_addresses import sessions_path, vitals_path
from outrider.dashboard.page_trend import judged_band, page_series, releases_within
from outrider.dashboard.period_slots import DAY_US
from outrider.dashboard.prober_sight import HOUR_US, near_incidents, page_journeys
from outrider.dashboard.step_trends import day_marks
from outrider.model import OutriderError, SubjectKind
from outrider.real_users import SessionFilter, ViewFilter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.alerts import Incident
    from outrider.dashboard.sources import Sources
    from outrider.real_users import SessionRow

_PERIOD_US: Final = 15 * 60 * 10**6
_SPANS: Final = {"1h": 1, "6h": 6, "1d": 24, "7d": 168, "30d": 720}
_SHOWN: Final = 5
_MOST_TREND_US: Final = 7 * DAY_US
_FEWEST_POINTS: Final = 2
_LOOKED_THROUGH: Final = 200


@dataclass(frozen=True, slots=True)
class ProberSight:
    """A journey that opens the page, and when it saw the problem, for a reader."""

    check: str
    text: str


@dataclass(frozen=True, slots=True)
class SufferedPage:
    """The page of an incident.

    Attributes:
        sessions: Visits of its time with an error, or those with the slowest views first; a few of them.
        probers: The journeys that open the page.
        trend: Of the vital that is judged, with the judge's band; None of errors, and while there are too few values.
        unknown: Why sessions are not known; "" where they are.
    """

    service: str
    page: str
    vitals_path: str
    sessions_path: str
    sessions: tuple[SessionRow, ...]
    probers: tuple[ProberSight, ...]
    trend: Trend | None = None
    unknown: str = ""


def suffered_page(sources: Sources, incident: Incident) -> SufferedPage | None:
    """Return the page of an incident that users' vitals or errors opened; None of another one."""
    labels = incident.opening_labels or incident.labels
    if labels.get("kind") != SubjectKind.PAGE.value:
        return None
    service, _, page = labels.get("page", "").partition(" ")
    environment, fails = labels.get("environment", ""), incident.problem is Problem.FAILURE
    hours = (sources.now_us() - incident.began_us) / HOUR_US + 1
    asked = {
        "since": next((name for name, most in _SPANS.items() if hours <= most), "30d"), "service": service,
        "environment": environment, "page": page,
    }  # fmt: skip
    vital = incident.lead.step.lower()
    sessions: Sequence[SessionRow] = ()
    unknown = ""
    try:
        sessions = _sessions(sources, incident, ViewFilter(0, 0, service, environment, page), fails=fails)
    except OutriderError as error:
        unknown = error.what
    return SufferedPage(
        service, page, vitals_path(**asked, vital=vital), sessions_path(**asked, has="error" if fails else ""),
        tuple(sessions), tuple(_probers(sources, incident, page, environment)), _trend(sources, incident), unknown,
    )  # fmt: skip


def _sessions(sources: Sources, incident: Incident, wanted: ViewFilter, *, fails: bool) -> Sequence[SessionRow]:
    until_us = sources.now_us() if incident.ended_us is None else incident.ended_us + _PERIOD_US
    views = ViewFilter(incident.began_us, until_us + 1, wanted.service, wanted.environment, wanted.page)
    asked = SessionFilter(views, "error" if fails else "")
    rows = sources.telemetry.real_users().sessions(asked, limit=_SHOWN if fails else _LOOKED_THROUGH)
    return rows if fails else sorted(rows, key=lambda row: -(row.worst_lcp_ms or 0.0))[:_SHOWN]


def draw_suffered(trend: Trend | None, timezone: str) -> str:
    """Return the chart of a trend as SVG, with the days of a time zone; "" without one."""
    return draw_trend(replace(trend, days=day_marks(trend.at_us[0], trend.at_us[-1], timezone))) if trend else ""


def _trend(sources: Sources, incident: Incident) -> Trend | None:
    """Return how the vital that is judged went since a day before, by quarters of an hour."""
    labels, store = incident.opening_labels or incident.labels, sources.store
    service, _, page = labels.get("page", "").partition(" ")
    series = page_series(store, service, page, labels.get("environment", ""), incident.lead.step)
    until_us = sources.now_us() if incident.ended_us is None else incident.ended_us + HOUR_US
    if series is None:
        return None
    points = store.series.samples(series, max(incident.began_us - DAY_US, until_us - _MOST_TREND_US), until_us)
    if len(points.at_us) < _FEWEST_POINTS:
        return None
    low, high = judged_band(store, series, points.at_us // 10**6)
    first_us, last_us = int(points.at_us[0]), int(points.at_us[-1])
    releases = releases_within(store, series.environment, first_us, last_us)
    began = [(incident.began_us, "began")] if first_us <= incident.began_us <= last_us else []
    return Trend(
        f"{series.step}, 75th percentile", points.at_us.tolist(), points.value.tolist(), low, high,
        changes=began, releases=releases, since_us=first_us,
    )  # fmt: skip


def _probers(sources: Sources, incident: Incident, page: str, environment: str) -> Iterator[ProberSight]:
    near = near_incidents(sources.store, incident)
    for check in page_journeys(sources.store, page, environment):
        yield ProberSight(check, _sight(incident, [own.began_us for own in near if check in own.checks]))


def _sight(incident: Incident, seen_us: Sequence[int]) -> str:
    """Return when a journey's own incident of that time began, the earliest first."""
    if not seen_us:
        return "has not seen it" if incident.phase.lasts else "did not see it"
    apart_us = incident.began_us - seen_us[0]
    word = "before" if apart_us >= 0 else "after"
    return f"saw it {length(abs(apart_us))} {word} users did"
