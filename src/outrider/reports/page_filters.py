"""What templates of reports ask of a report: parts in order, and their words. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outrider.charts import draw_uptime
from outrider.model import counted, date, locale, number
from outrider.reports.budget_forecast import budget_name
from outrider.reports.calendar import day_edges
from outrider.reports.check_health import named, names_of, overspent
from outrider.reports.outages import at_most
from outrider.reports.time_text import percent, span
from outrider.reports.verdict import Standing, standing_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.reports.facts import Availability, Health, Incident, Outage, Report

_DAY_US = 86_400_000_000
HEADINGS = {
    "health": "Checks",
    "outages": "Outages",
    "changes": "Slower and faster steps",
    "incidents": "Incidents",
    "load": "Load",
    "capacity": "Capacity",
    "forecasts": "Budgets and certificates",
    "steps": "Slowest steps",
    "flaky": "Second attempts",
    "noise": "Alerts sent",
    "unmeasured": "Checks without data",
    "details": "Each check",
}
"""How sections are called in the contents."""


def figures(report: Report) -> list[tuple[str, str]]:
    """Return what stands below the verdict: a name and a value each."""
    verdict, spent = report.verdict, len(overspent(report.health))
    slower = sum(change.ratio > 0 and change.ended_us is None for change in report.changes)
    incidents = number(len(report.incidents))
    if verdict.open_incidents:
        incidents += f", {number(verdict.open_incidents)} still open"
    return [
        ("Some check was down for", _affected(report)),
        ("Incidents", incidents),
        (f"Error budget of {budget_name(report.period)}", f"used up by {spent}" if spent else "used up by none"),
        ("Steps lastingly slower", number(slower)),
        ("Releases", number(len(report.releases))),
    ]


def _affected(report: Report) -> str:
    affected_us = report.verdict.affected_us
    if affected_us is None:
        return f"{span(max(health.affected_us for health in report.health))} or more"
    outages = [outage for health in report.health for outage in health.outages]
    return f"{at_most(outages)}{span(affected_us)}" if affected_us else "no time"


def overspending(report: Report) -> str:
    """Return which checks used their error budget up: "2 checks used the error budget of 28 days up: home and pay."."""
    spent = overspent(report.health)
    budget = budget_name(report.period)
    return f"{counted(len(spent), 'check')} used the error budget of {budget} up: {named(spent)}." if spent else ""


def lead_sentences(report: Report) -> str:
    """Return how long before real users probers saw the incidents; empty where that is not known."""
    times = report.lead_times
    if times is None or not times.incidents:
        return ""
    if not times.reached:
        return f"Lead times: nobody was reached by {counted(times.incidents, 'incident')} on pages with users."
    return (
        f"Lead times: of {counted(times.incidents, 'incident')} on pages with users,"
        f" {number(times.reached)} reached any;"
        f" a prober saw {number(times.before_users)} of these before the first user{_unseen(times.unseen)}. Medians: "
        f"{_lead(times.median_over_first_us, 'the first user')},"
        f" {_lead(times.median_over_hundredth_us, 'one visit in a hundred of a day')}."
    )


def _unseen(count: int) -> str:
    return f", and {number(count)} not at all" if count else ""


def _lead(us: float | None, users: str) -> str:
    if us is None:
        return f"{users} was never reached"
    return f"{span(abs(round(us)))} {'before' if us >= 0 else 'after'} {users}"


def all_outages(report: Report) -> list[Outage]:
    """Return the outages of all checks: those that last first, then the longest."""
    outages = [outage for check in report.health for outage in check.outages]
    return sorted(outages, key=lambda outage: (outage.is_over, -outage.length_us, -outage.runs, outage.began_us))


def open_first(incidents: Sequence[Incident]) -> list[Incident]:
    """Return incidents that last first, then the latest."""
    return sorted(incidents, key=lambda incident: (incident.ended_us is not None, -incident.began_us))


def check_name(check: str, report: Report) -> str:
    """Return what people call a check, by its id; what is no id stays."""
    names = {str(health.check): health.name for health in report.health}
    return names.get(check) or names_of([check])[check]


def several_places(report: Report) -> bool:
    """Return whether environment and location tell checks apart."""
    return len({(health.environment, health.location) for health in report.health}) > 1


def place(of: Health | Outage, with_location: bool) -> str:
    """Return where a check is written, and where it runs: "probes/shop.toml · production · paris"."""
    file = of.check.partition(":")[2].rpartition("::")[0]
    where = (of.environment, of.location) if with_location else ()
    return " · ".join(part for part in (file, *where) if part)


def standing_colour(health: Health, objective: float) -> str:
    """Return bad, warn or good."""
    return {Standing.MISSED: "bad", Standing.MET: "good"}.get(standing_of(health, objective), "warn")


def sign(colour: str) -> str:
    """Return what says the same as a colour."""
    return {"bad": "✕", "warn": "?", "good": "✓"}[colour]


def has_card(health: Health) -> bool:
    """Return whether there is something to unfold of a check."""
    return bool(health.charts or health.reasons or health.unclear)


def days_word(report: Report) -> str:
    """Return what a slot of the calendar is."""
    edges = day_edges(report.period)
    return "week by week" if any(end - begin > 1.2 * _DAY_US for begin, end in edges) else "day by day"


def calendar(health: Health, report: Report) -> str:
    """Return a check's availability day by day as a strip."""
    zone = ZoneInfo(report.period.timezone)
    edges = day_edges(report.period)
    words = [
        f"{date(datetime.fromtimestamp(begin / 1_000_000, zone), locale().weekday_day)}"
        f" {percent(day.share) if day else 'no run'}"
        for (begin, _), day in zip(edges, health.days, strict=False)
    ]
    return draw_uptime([_tone(day) for day in health.days], f"{health.name}: {', '.join(words)}")


def _tone(day: Availability | None) -> str:
    if day is None:
        return "none"
    return "good" if day.good == day.total else "warn" if day.share > 0.5 else "bad"
