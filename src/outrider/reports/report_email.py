"""A report as a mail: three sentences, pictures, the same in plain text, and the whole page attached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from outrider.charts import band_picture, mail_style
from outrider.model import CheckId
from outrider.reports.report_page import fill, render_html
from outrider.reports.report_settings import ReportSettings
from outrider.reports.report_text import health_lines
from outrider.reports.speed import trend_of
from outrider.reports.step_history import past_of
from outrider.reports.summary import met_and_missed, percent
from outrider.reports.time_text import Clock, moment
from outrider.runs import WHOLE_REQUEST, primary_series

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from outrider.model import JudgeHistory
    from outrider.reports.facts import Health, Report

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
    note = ["Some or all of this history is simulated.", ""] if report.simulated else []
    lines = [when, "", *note, *report.summary, "", *health_lines(report), "", "The whole report is attached."]
    lines += [f"The page as of now: {address}"] if address else []
    values = {"report": report, "days": _days(report), "pictures": pictures, "address": address, "style": mail_style()}
    return ReportMail(
        subject=_subject(report),
        text="\n".join(lines),
        page=fill("mail.html", values, report.period.timezone, root),
        pictures=pictures,
        attached=render_html(report, settings, root, interactive=interactive),
    )


def _subject(report: Report) -> str:
    """Return one line: "Milepost, 20-27 Nov: 4 of 50 checks missed 99.5 %, 5 steps slower (Pay +30 %, since 2.2.0)"."""
    measured = sum(check.availability is not None for check in report.health)
    met, missed = met_and_missed(report.health, report.objective)
    parts = [_objective_part(measured, met, missed, percent(report.objective))]
    slower = [change for change in report.changes if change.ratio > 0 and change.ended_us is None]
    if slower:
        since = f", since {slower[0].release}" if slower[0].release else ""
        step = slower[0].step or "whole run"
        count = f"{len(slower)} step{'' if len(slower) == 1 else 's'} slower"
        parts.append(f"{count} ({step} {slower[0].ratio * 100:+.0f} %{since})")
    return " ".join(f"{_days(report)}: {', '.join(parts)}".split())


def _days(report: Report) -> str:
    """Return what the report is of: "Milepost, 20-27 Nov"."""
    name = report.workspace if report.title == _USUAL_TITLE and report.workspace else report.title
    return f"{name}, {Clock(report.period.timezone).days(report.period.since_us, report.period.until_us)}"


def _objective_part(measured: int, met: int, missed: int, objective: str) -> str:
    if not measured:
        return "nothing was measured"
    if missed:
        return f"{missed} of {measured} checks missed {objective}"
    return (
        f"all {measured} checks met {objective}" if met == measured else f"{met} of {measured} checks met {objective}"
    )


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
