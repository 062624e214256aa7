"""A report as a mail: three sentences, pictures, the same in plain text, and the whole page attached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from outrider.charts import band_picture, mail_style
from outrider.model import CheckId, counted, number
from outrider.reports.outages import at_most
from outrider.reports.report_page import fill, render_html
from outrider.reports.report_settings import ReportSettings
from outrider.reports.report_text import health_lines
from outrider.reports.speed import trend_of
from outrider.reports.step_history import past_of
from outrider.reports.time_text import Clock, moment, percent, span
from outrider.runs import WHOLE_REQUEST, primary_series

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from outrider.model import JudgeHistory
    from outrider.reports.facts import Change, Health, Report, Verdict

_PICTURES = 3
_USUAL_TITLE = ReportSettings().title


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as PNG, what it shows, and the name by which the page refers to it."""

    cid: str
    title: str
    png: bytes


@dataclass(frozen=True, slots=True)
class ReportMail:
    """What goes into a mail.

    Attributes:
        text: For readers of plain text.
        page: For readers of HTML; its pictures are named by `cid:`.
        attached: The whole report as one HTML file.
    """

    subject: str
    text: str
    page: str
    pictures: tuple[Picture, ...]
    attached: str


def compose_mail(
    store: JudgeHistory,
    report: Report,
    settings: ReportSettings,
    root: Path | None = None,
    *,
    interactive: bool = True,
    address: str = "",
) -> ReportMail:
    """Return the mail of a report.

    Args:
        store: For the trends.
        report: What it tells.
        settings: Of the attached page.
        root: The workspace, whose templates take the place of ours.
        interactive: Whether the attached page's charts have their script.
        address: Of the page that has such a report up to now; empty for none.

    Raises:
        ConfigError: bad-template.
    """
    pictures = tuple(_pictures(store, report))
    zone = ZoneInfo(report.period.timezone)
    when = f"{moment(zone, report.period.since_us)} to {moment(zone, report.period.until_us)} ({zone.key})"
    note = ["Some or all of this history is simulated."] if report.simulated else []
    summary = [f"{report.verdict.word}. {report.summary[0]}", *report.summary[1:]]
    lines = [*summary, "", when, *note, "", *health_lines(report), "", "The whole report is attached."]
    lines += [f"The page as of now: {address}"] if address else []
    values = {"report": report, "days": _days(report), "pictures": pictures, "address": address, "style": mail_style()}
    return ReportMail(
        subject=mail_subject(report),
        text="\n".join(lines),
        page=fill("mail.html", values, report.period.timezone, root),
        pictures=pictures,
        attached=render_html(report, settings, root, interactive=interactive),
    )


def mail_subject(report: Report) -> str:
    """Return one line: "Milepost, 20-27 Nov: 4 of 50 checks missed 99.5 %, 5 steps slower (Pay +30 %, since 2.2.0)"."""
    parts = [_objective_part(report.verdict, percent(report.objective)), *_in_spite(report)]
    slower = [change for change in report.changes if change.ratio > 0 and change.ended_us is None]
    if slower:
        since = f", since {slower[0].release}" if slower[0].release else ""
        step = _place(report, slower[0])
        count = f"{counted(len(slower), 'step')} slower"
        parts.append(f"{count} ({step} {number(slower[0].ratio * 100, '+.0f')} %{since})")
    return " ".join(f"{_days(report)}: {', '.join(parts)}".split())


def _days(report: Report) -> str:
    """Return what the report is of: "Milepost, 20-27 Nov"."""
    name = report.workspace if report.title == _USUAL_TITLE and report.workspace else report.title
    return f"{name}, {Clock(report.period.timezone).days(report.period.since_us, report.period.until_us)}"


def _objective_part(verdict: Verdict, objective: str) -> str:
    if verdict.without_data + verdict.broken == verdict.checks:
        return "nothing was measured"
    if verdict.missed:
        return f"{verdict.missed} of {verdict.checks} checks missed {objective}"
    if verdict.unsure:
        return f"{verdict.unsure} of {verdict.checks} checks may have missed {objective}"
    if verdict.seldom and not verdict.met:
        return f"{verdict.seldom} of {verdict.checks} checks ran too seldom to say"
    if verdict.met < verdict.checks:
        return f"{verdict.met} of {verdict.checks} checks met {objective}"
    return f"all {verdict.met} checks met {objective}" if verdict.met > 1 else f"the only check met {objective}"


def _in_spite(report: Report) -> Iterator[str]:
    """Yield what nobody would think of a period whose checks met the objective."""
    verdict = report.verdict
    if verdict.affected_us and not verdict.missed:
        outages = [outage for health in report.health for outage in health.outages]
        yield f"down for {at_most(outages)}{span(verdict.affected_us)}"
    if verdict.broken:
        yield f"{counted(verdict.broken, 'check')} broken"
    if verdict.open_incidents:
        yield f"{counted(verdict.open_incidents, 'incident')} still open"


def _place(report: Report, change: Change) -> str:
    """Return the step that changed, or the check where it has but one."""
    names = {str(health.check): health.name for health in report.health}
    return names.get(change.check, change.check) if change.step in {"", WHOLE_REQUEST} else change.step


def _pictures(store: JudgeHistory, report: Report) -> list[Picture]:
    """Return the trends that matter most: those of new levels first, then of the worst checks."""
    pictures: list[Picture] = []
    names = {str(health.check): health.name for health in report.health}
    for check, environment, location, step in _wanted(report):
        series = [
            candidate
            for candidate in primary_series(store, CheckId(check))
            if (candidate.environment, candidate.location) == (environment, location) and step in {None, candidate.step}
        ]
        read = list(zip(series, past_of(store.series, series, report.period), strict=True))
        read = [candidate for candidate in read if len(candidate[1].value)]
        if not read:
            continue
        slowest, points = max(read, key=lambda candidate: float(np.median(candidate[1].value)))
        step_name = "" if slowest.step in {"", WHOLE_REQUEST} else f"{slowest.step}, "
        title = f"{names.get(check, check)}: {step_name}median of 6 h, ms"
        step_changes = [change for change in report.changes if (change.check, change.step) == (check, slowest.step)]
        releases = [
            release for release in store.judgements.releases(environment) if release.at_us < report.period.until_us
        ]
        trend = trend_of(title, points, report.period, step_changes, releases)
        pictures.append(Picture(f"trend-{len(pictures)}@outrider.invalid", title, band_picture(trend)))
        if len(pictures) == _PICTURES:
            break
    return pictures


def _wanted(report: Report) -> Sequence[tuple[str, str, str, str | None]]:
    places = {str(health.check): health for health in reversed(report.health)}
    changed = [(places[change.check], change.step) for change in report.changes if change.check in places]
    both: list[tuple[Health, str | None]] = [*changed, *((health, None) for health in report.health)]
    seen: dict[tuple[str, str, str], str | None] = {}
    for health, step in both:
        seen.setdefault((health.check, health.environment, health.location), step)
    return [(*place, step) for place, step in seen.items()]
