"""The reports that can be opened: of weeks, months, quarters, the last day, releases; built when one is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outrider.dashboard.api_values import instant
from outrider.dashboard.page_templates import render
from outrider.dashboard.report_request import ReportName
from outrider.model import Selection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources
    from outrider.model import Release

_WEEKS = 8
_MONTHS = 36
_RELEASES = 50
_US = 1_000_000


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A report in the list; `since_us` to `until_us` is what it is about, None for until now."""

    name: ReportName
    title: str
    since_us: int
    until_us: int | None


@dataclass(frozen=True, slots=True)
class ReportItem:
    """A report that can be built at `path`: what it is about began at `since`, and ended at `until`, null for now."""

    kind: str
    title: str
    since: str | None
    until: str | None
    week: str
    month: str
    quarter: str
    release: str
    environment: str


@dataclass(frozen=True, slots=True)
class ReportListBody:
    """The reports that can be built: of weeks, the last day, months, quarters, and the latest releases."""

    items: tuple[ReportItem, ...]


@dataclass(frozen=True, slots=True)
class ReportBody:
    """A report: its tables by name, as `outrider report --format json` writes them."""

    kind: str
    report: dict[str, object]


def report_list(sources: Sources) -> tuple[ReportLine, ...]:
    """Return the reports that can be built, of weeks, days, months, quarters and releases, the latest first."""
    now_us, zone = sources.now_us(), ZoneInfo(sources.service().timezone)
    first_us = _first_us(sources)
    return (
        ReportLine(ReportName("weekly"), "the last seven days", now_us - 7 * 86_400 * _US, None),
        ReportLine(ReportName("daily"), "the last day", now_us - 86_400 * _US, None),
        *_calendars("monthly", now_us, zone, first_us),
        *_calendars("quarterly", now_us, zone, first_us),
        *_weeks(now_us, zone.key, first_us),
        *_releases(sources.store.judgements.releases(), now_us),
    )


def _first_us(sources: Sources) -> int | None:
    """Return when the first thing was known: a check, or a run that is kept; None if nothing is."""
    known = [check.first_seen_us for check in sources.store.checks.all()]
    for batch in sources.store.tables.runs(Selection(), 1):
        known += [due_us for due_us in batch["due_us"] if isinstance(due_us, int)]
        break
    return min(known, default=None)


def _calendars(kind: str, now_us: int, zone: ZoneInfo, first_us: int | None) -> Iterator[ReportLine]:
    """Yield months or quarters in which something was known, the one under way first."""
    now, months = datetime.fromtimestamp(now_us / _US, zone), 1 if kind == "monthly" else 3
    latest = (now.year * 12 + now.month - 1) // months * months
    for first in range(latest, latest - _MONTHS, -months):
        begins, ends = (datetime(number // 12, number % 12 + 1, 1, tzinfo=zone) for number in (first, first + months))
        bounds = tuple(round(moment.timestamp()) * _US for moment in (begins, ends))
        if first_us is None or bounds[1] <= first_us:
            return
        quarter = f"Q{first % 12 // 3 + 1}"
        if kind == "monthly":
            name, title = ReportName(kind, month=f"{begins:%Y-%m}"), f"{begins:%B %Y}"
        else:
            name, title = ReportName(kind, quarter=f"{begins:%Y}-{quarter}"), f"{quarter} {begins:%Y}"
        if first == latest:
            yield ReportLine(name, f"{title}, until now", bounds[0], None)
        else:
            yield ReportLine(name, title, *bounds)


def _weeks(now_us: int, timezone: str, first_us: int | None) -> Iterator[ReportLine]:
    """Yield the complete weeks before this one in which something was known."""
    zone = ZoneInfo(timezone)
    today = datetime.fromtimestamp(now_us / _US, zone).date()
    monday = today - timedelta(days=today.weekday())
    for number in range(1, _WEEKS + 1):
        begins, ends = monday - timedelta(weeks=number), monday - timedelta(weeks=number - 1)
        week = f"{begins:%G-W%V}"
        bounds = tuple(
            round(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * _US for day in (begins, ends)
        )
        if first_us is None or bounds[1] <= first_us:
            return
        yield ReportLine(ReportName("weekly", week=week), f"week {week}", *bounds)


def _releases(releases: Sequence[Release], now_us: int) -> Iterator[ReportLine]:
    """Yield the latest releases that have one before them in their environment."""
    ordered = sorted((release for release in releases if release.at_us <= now_us), key=lambda release: release.at_us)
    lines: list[ReportLine] = []
    latest: dict[str, int] = {}  # where in `lines`, or -1 for a first release, which has nothing to be compared with
    for release in ordered:
        place = latest.get(release.environment)
        if place is not None and place >= 0:
            line = lines[place]
            lines[place] = ReportLine(line.name, line.title, line.since_us, release.at_us)
        if place is None:
            latest[release.environment] = -1
            continue
        name = ReportName("release", release=release.name, environment=release.environment)
        latest[release.environment] = len(lines)
        lines.append(ReportLine(name, f"{release.name} in {release.environment}", release.at_us, None))
    yield from sorted(lines, key=lambda line: -line.since_us)[:_RELEASES]


def reports_page(sources: Sources, context: PageContext) -> str:
    """Return the list of reports as a page."""
    mailing = sources.reports.mailing() if sources.reports else ()
    lines = report_list(sources)
    values = {
        "lines": [line for line in lines if not (line.name.month or line.name.quarter)],
        "calendars": {part: [line for line in lines if getattr(line.name, part)] for part in ("month", "quarter")},
        "mailing": mailing,
        "is_loaded": sources.reports is not None,
    }
    return render("reports.html", context, values)


def api_reports(sources: Sources) -> ReportListBody:
    """Return the list for the API."""
    return ReportListBody(
        tuple(
            ReportItem(
                line.name.kind, line.title, instant(line.since_us), instant(line.until_us), line.name.week,
                line.name.month, line.name.quarter, line.name.release, line.name.environment,
            )
            for line in report_list(sources)
        )
    )  # fmt: skip
