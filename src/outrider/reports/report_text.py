"""A report as Markdown, JSON and CSV."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from outrider.charts import milliseconds
from outrider.model import counted, number, per_cent
from outrider.reports.budget_forecast import budget_name
from outrider.reports.check_health import untold
from outrider.reports.outages import lasted
from outrider.reports.page_filters import HEADINGS, all_outages, check_name, lead_sentences, overspending
from outrider.reports.rankings import flakiest
from outrider.reports.table_text import cell, csv_table, markdown_table
from outrider.reports.time_text import moment, percent, used_budget
from outrider.reports.verdict import standing_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.reports.facts import Health, LoadFigures, Report

_LINES = 20
_ROWS = 100
_EMPTY = {"forecasts": "No forecast."}
_NOTES = {"changes": "hours: how many hours of history had values, among which levels were compared."}


def as_json(report: Report) -> dict[str, Any]:
    """Return a report as plain data, without charts."""
    data = asdict(report)
    for entry in data["health"]:
        entry.pop("charts")
        if entry["budget_used"] == math.inf:
            entry["budget_used"] = None  # JSON has no word for it: the objective allows no failure
        entry["counts"] = {outcome.value: count for outcome, count in entry["counts"].items()}
    data["sla"] = _sla(report)
    if not report.capacity:
        data.pop("capacity")  # of months and quarters
    for entry in data["load"]:
        entry.pop("chart")
    return data


def as_markdown(report: Report) -> str:
    """Return a report for a mail, a chat or a ticket."""
    lines = [f"# {cell(report.title)}: {report.period.title}", "", *report.summary, ""]
    lines = [cell(line) if not line.startswith("# ") else line for line in lines]
    lines[2] = f"**{report.verdict.word}.** {lines[2]}"
    if report.simulated:
        lines += ["*Some or all of this history is simulated.*", ""]
    for name, make in TABLES.items():
        if name == "sla":
            continue  # numbers for programs, which the table of checks has in words
        rows = make(report)
        if name == "capacity" and not rows:
            continue  # of months and quarters
        kept = rows[:_ROWS]
        lines += markdown_table(HEADINGS[name], [_named(row, report) for row in kept], _EMPTY.get(name, "None."))
        lines += [f"and {number(len(rows) - _ROWS)} more: outrider report --format csv --table {name} lists all", ""][
            : 2 * (len(rows) > _ROWS)
        ]
        lines += [_NOTES[name], ""] if rows and name in _NOTES else []
        if name == "incidents" and (leads := lead_sentences(report)):
            lines += [cell(leads), ""]
        if name == "forecasts" and (spent := overspending(report)):
            lines += [cell(spent), ""]
    lines += [
        "## Checks without data",
        "",
        *(f"- {cell(line)}" for line in report.unmeasured or ("nothing",)),
        "",
    ]
    return "\n".join(lines)


def _named(row: dict[str, object], report: Report) -> dict[str, object]:
    return row | {title: check_name(str(row[title]), report) for title in ("check", "profile") if title in row}


def health_lines(report: Report) -> list[str]:
    """Return a line about each check, the worst first, for plain text."""
    lines = [
        f"- {health.name} ({health.environment}, {health.location}): {_passed(health)}, {number(health.runs)} runs"
        for health in report.health[:_LINES]
    ]
    return [*lines, f"- and {len(report.health) - _LINES} more"] if len(report.health) > _LINES else lines


def _passed(health: Health) -> str:
    return percent(health.availability.share) if health.availability else untold(health)


def as_csv(report: Report, table: str) -> str:
    """Return one of a report's `TABLES`; texts that a spreadsheet would take for a formula are quoted with '."""
    return csv_table(TABLES[table](report))


def _health(report: Report) -> list[dict[str, object]]:
    return [
        {
            "check": check_health.check,
            "environment": check_health.environment,
            "location": check_health.location,
            "availability": _passed(check_health),
            "interval": f"{percent(check_health.availability.low)} to {percent(check_health.availability.high)}"
            if check_health.availability
            else "",
            "runs": check_health.runs,
            "standing": standing_of(check_health, report.objective).value,
            f"error budget of {budget_name(report.period)} used": used_budget(check_health.budget_used)
            if check_health.budget_used is not None
            else "",
            "coverage": percent(check_health.coverage) if check_health.coverage is not None else "no run was due",
        }
        for check_health in report.health
    ]


def _changes(report: Report) -> list[dict[str, object]]:
    return [
        {
            "check": change.check,
            "step": change.step or "whole run",
            "change": per_cent(change.ratio, "+.0f"),
            "before": milliseconds(change.before_ms),
            "after": milliseconds(change.after_ms),
            "since": moment(ZoneInfo(report.period.timezone), change.at_us),
            "until": moment(ZoneInfo(report.period.timezone), change.ended_us) if change.ended_us is not None else "",
            "release": change.release,
            "hours": change.count,
        }
        for change in report.changes
    ]


def _steps(report: Report) -> list[dict[str, object]]:
    return [
        {
            "check": check_health.check,
            "step": step.name or "whole run",
            **{
                name: milliseconds(quantile.value) if quantile else "too little data"
                for name, quantile in (("p50", step.p50), ("p75", step.p75), ("p95", step.p95))
            },
            "change": per_cent(step.change, "+.1f") if step.change is not None and math.isfinite(step.change) else "",
            "n": step.count,
        }
        for check_health in report.health
        for step in check_health.steps
    ]


def _incidents(report: Report) -> list[dict[str, object]]:
    zone = ZoneInfo(report.period.timezone)
    return [
        {
            "incident": incident.title,
            "check": incident.check,
            "began": moment(zone, incident.began_us),
            "ended": moment(zone, incident.ended_us) if incident.ended_us is not None else "still open",
            "cause": incident.cause,
        }
        for incident in report.incidents
    ]


def _outages(report: Report) -> list[dict[str, object]]:
    zone = ZoneInfo(report.period.timezone)
    return [
        {
            "check": outage.check,
            "environment": outage.environment,
            "location": outage.location,
            "began": moment(zone, outage.began_us),
            "lasted": lasted(outage),
            "over": "yes" if outage.is_over else "no",
            "failed runs": outage.runs,
            "why": outage.reason,
        }
        for outage in all_outages(report)
    ]


def _load(report: Report) -> list[dict[str, object]]:
    return [
        {
            "profile": load.check,
            "environment": load.environment,
            "location": load.location,
            "usual requests/s": number(load.usual.value, ".1f") if load.usual else "too little data",
            "last": number(load.rates[-1], ".1f") if load.rates else "",
            "n": len(load.rates),
            "sustained requests/s": sustained(load),
            "headroom": per_cent(load.headroom, "+.0f") if load.headroom is not None else "",
        }
        for load in report.load
    ]


def sustained(load: LoadFigures) -> str:
    """Return what a target sustained when its knee was last looked for."""
    if not load.knees:
        return "not measured"
    last = load.knees[-1]
    least = "" if last.reached else "at least "
    rate, low, high = (number(value, ".1f") for value in (last.rate, last.low, last.high))
    return f"{least}{rate} ({low} to {high}, {counted(last.count, 'level')})"


def _forecasts(report: Report) -> list[dict[str, object]]:
    return [
        {
            "subject": forecast.subject,
            "what": forecast.what,
            "days": number(forecast.days, ".1f"),
            "earliest": number(forecast.earliest, ".1f"),
            "latest": number(forecast.latest, ".1f"),
            "n": forecast.count,
        }
        for forecast in report.forecasts
    ]


def _flaky(report: Report) -> list[dict[str, object]]:
    return [
        {"check": health.check, "passed on retry": count, "share": percent(count / health.runs), "n": health.runs}
        for health, count in flakiest(report, limit=None)
    ]


def _noise(report: Report) -> list[dict[str, object]]:
    checks = report.noise.checks if report.noise else ()
    return [
        {"check": check.check, "alerts": check.sent, "incidents": check.incidents, "acted on": check.acted_on}
        for check in checks
    ]


def _sla(report: Report) -> list[dict[str, object]]:
    """Return the objective of each check and place beside what was reached, as plain numbers."""
    begin, end = (
        datetime.fromtimestamp(at_us / 1_000_000, ZoneInfo(report.period.timezone)).isoformat(timespec="seconds")
        for at_us in (report.period.since_us, report.period.until_us)
    )
    return [
        {
            "check": health.check,
            "name": health.name,
            "environment": health.environment,
            "location": health.location,
            "from": begin,
            "until": end,
            "objective": report.objective,
            "availability": round(seen.share, 6) if seen else "",
            "low": round(seen.low, 6) if seen else "",
            "high": round(seen.high, 6) if seen else "",
            "standing": standing_of(health, report.objective).value,
            "good runs": seen.good if seen else 0,
            "runs": seen.total if seen else 0,
            "down minutes": round(health.affected_us / 60_000_000, 1),
            "estimated": "no" if health.tells_outages else "yes",
            "outages": len(health.outages) if health.tells_outages else "",
            "coverage": round(health.coverage, 6) if health.coverage is not None else "",
        }
        for health in report.health
        for seen in [health.availability]
    ]


def _capacity(report: Report) -> list[dict[str, object]]:
    return [
        {
            "profile": own.check,
            "ends first": own.first,
            "service": room.service if room else "",
            "sustains/s": number(room.sustained, ".1f") if room else "",
            "peak/s": number(room.peak, ".1f") if room and room.peak else "",
            "headroom": per_cent(room.headroom, ".0f") if room and room.headroom is not None else "",
            "reached": room.reached if room else f"unknown: {own.unknown}",
        }
        for own in report.capacity
        for room in own.services or (None,)
    ]


TABLES: dict[str, Callable[[Report], list[dict[str, object]]]] = {
    "health": _health,
    "sla": _sla,
    "outages": _outages,
    "incidents": _incidents,
    "changes": _changes,
    "load": _load,
    "capacity": _capacity,
    "forecasts": _forecasts,
    "steps": _steps,
    "flaky": _flaky,
    "noise": _noise,
}
