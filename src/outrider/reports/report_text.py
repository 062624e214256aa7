"""A report as Markdown, JSON and CSV."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from outrider.charts.scale import milliseconds
from outrider.reports.rankings import flakiest
from outrider.reports.summary import percent
from outrider.reports.table_text import cell, csv_table, markdown_table
from outrider.reports.time_text import moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.reports.facts import LoadFigures, Report

_LINES = 20


def as_json(report: Report) -> dict[str, Any]:
    """Return a report as plain data, without charts."""
    told = asdict(report)
    for one in told["health"]:
        one.pop("charts")
        one["counts"] = {outcome.value: count for outcome, count in one["counts"].items()}
    for one in told["load"]:
        one.pop("chart")
    return told


def as_markdown(report: Report) -> str:
    """Return a report for a mail, a chat or a ticket."""
    lines = [f"# {cell(report.title)}: {report.period.title}", "", *report.summary, ""]
    lines = [cell(line) if not line.startswith("# ") else line for line in lines]
    if report.simulated:
        lines += ["*This report tells of simulated history.*", ""]
    for name, make in TABLES.items():
        lines += markdown_table(name, make(report))
    lines += ["## Not measured", "", *(f"- {cell(one)}" for one in report.unmeasured or ("nothing",)), ""]
    return "\n".join(lines)


def health_lines(report: Report) -> list[str]:
    """Return a line about each check, the worst first, for plain text."""
    return [
        f"- {one['check']} ({one['environment']}, {one['location']}): {one['availability']}, {one['runs']:,} runs"
        for one in _health(report)[:_LINES]
    ]


def as_csv(report: Report, table: str) -> str:
    """Return one of a report's `TABLES`; texts that a spreadsheet would take for a formula are quoted with '."""
    return csv_table(TABLES[table](report))


def _health(report: Report) -> list[dict[str, object]]:
    return [
        {
            "check": one.check,
            "environment": one.environment,
            "location": one.location,
            "availability": percent(one.availability.share) if one.availability else "too little data",
            "interval": f"{percent(one.availability.low)} to {percent(one.availability.high)}"
            if one.availability
            else "",
            "runs": one.runs,
            "budget left": f"{one.budget_left:.0%}" if one.budget_left is not None else "",
            "coverage": percent(one.coverage) if one.coverage is not None else "",
        }
        for one in report.health
    ]


def _changes(report: Report) -> list[dict[str, object]]:
    return [
        {
            "check": one.check,
            "step": one.step or "whole run",
            "change": f"{one.ratio * 100:+.0f} %",
            "before": milliseconds(one.before_ms),
            "after": milliseconds(one.after_ms),
            "release": one.release,
            "hours": one.count,
        }
        for one in report.changes
    ]


def _steps(report: Report) -> list[dict[str, object]]:
    return [
        {
            "check": one.check,
            "step": step.name or "whole run",
            **{
                name: milliseconds(found.value) if found else "too little data"
                for name, found in (("p50", step.p50), ("p75", step.p75), ("p95", step.p95))
            },
            "change": f"{step.change * 100:+.1f} %" if step.change is not None and math.isfinite(step.change) else "",
            "n": step.count,
        }
        for one in report.health
        for step in one.steps
    ]


def _incidents(report: Report) -> list[dict[str, object]]:
    zone = ZoneInfo(report.period.timezone)
    return [
        {
            "incident": one.title,
            "check": one.check,
            "began": moment(zone, one.began_us),
            "ended": moment(zone, one.ended_us) if one.ended_us is not None else "still open",
            "cause": one.cause,
        }
        for one in report.incidents
    ]


def _load(report: Report) -> list[dict[str, object]]:
    return [
        {
            "profile": one.check,
            "environment": one.environment,
            "location": one.location,
            "usual requests/s": f"{one.usual.value:.1f}" if one.usual else "too little data",
            "last": f"{one.rates[-1]:.1f}" if one.rates else "",
            "n": len(one.rates),
            "sustained requests/s": sustained(one),
            "headroom": f"{one.headroom * 100:+.0f} %" if one.headroom is not None else "",
        }
        for one in report.load
    ]


def sustained(one: LoadFigures) -> str:
    """Return what a target sustained when its knee was last looked for."""
    if not one.knees:
        return "not measured"
    last = one.knees[-1]
    least = "" if last.reached else "at least "
    return f"{least}{last.rate:.1f} ({last.low:.1f} to {last.high:.1f}, {last.count} levels)"


def _forecasts(report: Report) -> list[dict[str, object]]:
    return [
        {
            "subject": one.subject,
            "what": one.what,
            "days": f"{one.days:.1f}",
            "earliest": f"{one.earliest:.1f}",
            "latest": f"{one.latest:.1f}",
            "n": one.count,
        }
        for one in report.forecasts
    ]


def _flaky(report: Report) -> list[dict[str, object]]:
    return [
        {"check": one.check, "passed on retry": count, "share": percent(count / one.runs), "n": one.runs}
        for one, count in flakiest(report)
    ]


def _noise(report: Report) -> list[dict[str, object]]:
    checks = report.noise.checks if report.noise else ()
    return [
        {"check": one.check, "alerts": one.sent, "incidents": one.incidents, "taken on": one.acted_on} for one in checks
    ]


TABLES: dict[str, Callable[[Report], list[dict[str, object]]]] = {
    "health": _health,
    "changes": _changes,
    "incidents": _incidents,
    "load": _load,
    "forecasts": _forecasts,
    "steps": _steps,
    "flaky": _flaky,
    "noise": _noise,
}
