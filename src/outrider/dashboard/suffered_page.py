"""The page of real users that an incident is of: who suffered, and which journeys that open it saw it, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.alerts import Problem, length
from outrider.dashboard.page_addresses import sessions_path, vitals_path
from outrider.model import Kind, OutriderError, SubjectKind
from outrider.real_users import SessionFilter, ViewFilter, read_page_metric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from outrider.alerts import Incident
    from outrider.dashboard.sources import Sources
    from outrider.real_users import SessionRow

_HOUR_US: Final = 3_600 * 10**6
_PERIOD_US: Final = 15 * 60 * 10**6
_SPANS: Final = {"1h": 1, "6h": 6, "1d": 24, "7d": 168, "30d": 720}
_SHOWN: Final = 5
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
        unknown: Why sessions are not known; "" where they are.
    """

    service: str
    page: str
    vitals_path: str
    sessions_path: str
    sessions: tuple[SessionRow, ...]
    probers: tuple[ProberSight, ...]
    unknown: str = ""


def suffered_page(
    sources: Sources, incident: Incident, incidents_of: Callable[[Sources, str], Sequence[Incident]]
) -> SufferedPage | None:
    """Return the page of an incident that users' vitals or errors opened; None of another one.

    Args:
        sources: What pages are made from.
        incident: Of whatever kind.
        incidents_of: Returns the incidents of a check.
    """
    labels = incident.opening_labels or incident.labels
    if labels.get("kind") != SubjectKind.PAGE.value:
        return None
    service, _, page = labels.get("page", "").partition(" ")
    environment, fails = labels.get("environment", ""), incident.problem is Problem.FAILURE
    hours = (sources.now_us() - incident.began_us) / _HOUR_US + 1
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
        tuple(sessions), tuple(_probers(sources, incident, page, environment, incidents_of)), unknown,
    )  # fmt: skip


def _sessions(sources: Sources, incident: Incident, wanted: ViewFilter, *, fails: bool) -> Sequence[SessionRow]:
    until_us = sources.now_us() if incident.ended_us is None else incident.ended_us + _PERIOD_US
    views = ViewFilter(incident.began_us, until_us + 1, wanted.service, wanted.environment, wanted.page)
    asked = SessionFilter(views, "error" if fails else "")
    rows = sources.telemetry.real_users().sessions(asked, limit=_SHOWN if fails else _LOOKED_THROUGH)
    return rows if fails else sorted(rows, key=lambda row: -(row.worst_lcp_ms or 0.0))[:_SHOWN]


def _probers(
    sources: Sources, incident: Incident, page: str, environment: str,
    incidents_of: Callable[[Sources, str], Sequence[Incident]],
) -> Iterator[ProberSight]:  # fmt: skip
    for check in sources.store.checks.all():
        if check.kind is not Kind.JOURNEY:
            continue
        named = (read_page_metric(own.metric) for own in sources.store.series.of(check.id)
                 if environment in {"", own.environment})  # fmt: skip
        if any(own is not None and own[2] == page for own in named):
            yield ProberSight(check.id, _sight(incident, incidents_of(sources, check.id)))


def _sight(incident: Incident, of_check: Sequence[Incident]) -> str:
    """Return when a journey's own incident of that time began."""
    end_us = incident.ended_us
    near = [
        own.began_us for own in of_check
        if incident.began_us - _HOUR_US <= own.began_us and (end_us is None or own.began_us <= end_us)
    ]  # fmt: skip
    if not near:
        return "has not seen it" if incident.phase.lasts else "did not see it"
    apart_us = incident.began_us - min(near)
    word = "before" if apart_us >= 0 else "after"
    return f"saw it {length(abs(apart_us))} {word} users did"
