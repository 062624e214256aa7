"""A report as Markdown, JSON and CSV."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from outrider.charts.scale import milliseconds
from outrider.reports.summary import percent

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.reports.facts import Report

_LINES = 20
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def as_json(report: Report) -> dict[str, Any]:
    """Return a report as plain data, without charts."""
    told = asdict(report)
    for one in told["health"]:
        one.pop("charts")
        one["counts"] = {outcome.value: count for outcome, count in one["counts"].items()}
    return told


def as_markdown(report: Report) -> str:
    """Return a report for a mail, a chat or a ticket."""
    lines = [f"# {_cell(report.title)}: {report.period.title}", "", *report.summary, ""]
    lines = [_cell(line) if not line.startswith("# ") else line for line in lines]
    if report.simulated:
        lines += ["*This report tells of simulated history.*", ""]
    for name, rows in ((name, make(report)) for name, make in TABLES.items()):
        lines += [f"## {name.capitalize()}", ""]
        if not rows:
            lines += ["None.", ""]
            continue
        lines += [f"| {' | '.join(rows[0])} |", f"|{'---|' * len(rows[0])}"]
        lines += [f"| {' | '.join(_cell(str(value)) for value in row.values())} |" for row in rows]
        lines.append("")
    lines += ["## Not measured", "", *(f"- {_cell(one)}" for one in report.unmeasured or ("nothing",)), ""]
    return "\n".join(lines)


def health_lines(report: Report) -> list[str]:
    """Return a line about each check, the worst first, for plain text."""
    return [
        f"- {one['check']} ({one['environment']}, {one['location']}): {one['availability']}, {one['runs']:,} runs"
        for one in _health(report)[:_LINES]
    ]


def as_csv(report: Report, table: str) -> str:
    """Return one of a report's `TABLES`; texts that a spreadsheet would take for a formula are quoted with '."""
    rows = TABLES[table](report)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if rows:
        writer.writerow(rows[0])
    writer.writerows([_harmless(value) for value in row.values()] for row in rows)
    return out.getvalue()


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


TABLES: dict[str, Callable[[Report], list[dict[str, object]]]] = {
    "health": _health,
    "changes": _changes,
    "steps": _steps,
}


def _cell(text: str) -> str:
    """Return a text that Markdown and HTML take for nothing but text."""
    for sign in "\\`*_[]|":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.replace("&", "&amp;").replace("<", "&lt;").split())


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) and not value[1:2].isdigit() else value
