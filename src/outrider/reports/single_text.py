"""One run or one load as a page, Markdown, JSON and CSV."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from outrider.charts.scale import milliseconds
from outrider.reports.report_page import fill
from outrider.reports.single import RunReport
from outrider.reports.single_load import LoadReport
from outrider.reports.summary import percent
from outrider.reports.table_text import cell, csv_table, markdown_table
from outrider.reports.time_text import moment

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.model import Run

Single = RunReport | LoadReport
Rows = list[dict[str, object]]


def tables(report: Single) -> dict[str, Rows]:
    """Return a report's tables by name."""
    return _run_tables(report) if isinstance(report, RunReport) else _load_tables(report)


def single_html(report: Single, root: Path | None = None, *, interactive: bool = True) -> str:
    """Return a page that needs no network.

    Raises:
        ConfigError: bad-template.
    """
    kind = "run" if isinstance(report, RunReport) else "load_run"
    values = {"report": report, "run": report.run, "kind": kind}
    return fill("single.html", values, report.timezone, root, interactive=interactive)


def single_markdown(report: Single) -> str:
    """Return a report for a mail, a chat or a ticket."""
    lines = [f"# {cell(report.run.check)}: {report.run.outcome.value}", ""]
    lines += [f"- {name}: {cell(text)}" for name, text in _about(report.run, report.timezone)] + [""]
    if isinstance(report, LoadReport):
        lines += [f"- {cell(one)}" for one in report.findings] + [""]
    for name, rows in tables(report).items():
        if name != "seconds":
            lines += markdown_table(name, rows)
    return "\n".join(lines)


def single_json(report: Single) -> dict[str, Any]:
    """Return a report as plain data, without charts and pictures."""
    told = asdict(report)
    told.pop("charts", None)
    told.pop("waterfall", None)
    told["run"].pop("attempts")
    for one in told.get("artifacts", ()):
        one.pop("picture")
    return told


def single_csv(report: Single, table: str) -> str:
    """Return one of a report's tables."""
    return csv_table(tables(report)[table])


def _about(run: Run, timezone: str) -> list[tuple[str, str]]:
    told = [
        ("run", str(run.id)),
        ("due", f"{moment(ZoneInfo(timezone), run.due_us)} ({timezone})"),
        ("place", f"{run.environment}, {run.location}"),
        ("reason", run.reason),
    ]
    return [each for each in told if each[1]]


def _run_tables(report: RunReport) -> dict[str, Rows]:
    return {
        "steps": [
            {
                "step": one.name,
                "took": _ms(one.duration_ms),
                "usual": _ms(one.usual.value) if one.usual else "too little data",
                "interval": f"{milliseconds(one.usual.low)} to {milliseconds(one.usual.high)}" if one.usual else "",
                "standing": one.standing,
                "n": one.count,
                "error": one.error,
            }
            for one in report.steps
        ],
        "attempts": [
            {"attempt": one.number, "outcome": one.outcome, "took": _ms(one.duration_ms), "counts": one.measured,
             "evidence": one.evidence, "reason": one.reason}
            for one in report.attempts
        ],
        "errors": [
            {"attempt": one.number, "source": source, "step": step, "message": message}
            for one in report.attempts
            for source, step, message in one.errors
        ],
        "artifacts": [
            {"attempt": one.attempt, "kind": one.kind, "name": one.name, "bytes": one.bytes, "where": one.where}
            for one in report.artifacts
        ],
        "joined": [
            {"what": what, "text": text}
            for what, text in (*report.joined, *(("incident", one.title) for one in report.incidents))
        ],
    }  # fmt: skip


def _load_tables(report: LoadReport) -> dict[str, Rows]:
    return {
        "endpoints": [
            {"endpoint": one.endpoint, "requests": one.requests, "failed": one.failed,
             "share failed": percent(one.failed / one.requests) if one.requests else "",
             "requests/s": f"{one.requests_per_s:.1f}",
             "p50": _ms(one.p50_ms), "p95": _ms(one.p95_ms), "p99": _ms(one.p99_ms)}
            for one in report.endpoints
        ],
        "failures": [{"endpoint": where, "count": count, "message": text} for where, count, text in report.failures],
        "levels": [
            {"users": one.users, "seconds": f"{one.seconds:.0f}", "requests/s": f"{one.requests_per_s:.1f}",
             "p50": _ms(one.p50_ms), "p95": _ms(one.p95_ms), "failed": percent(one.failure_share)}
            for one in report.levels
        ],
        "seconds": [
            {"second": f"{one.offset_s:.0f}", "users": one.users, "requests/s": f"{one.requests_per_s:.1f}",
             "failed/s": f"{one.failed_per_s:.1f}", "p50": _ms(one.p50_ms), "p95": _ms(one.p95_ms),
             "p99": _ms(one.p99_ms)}
            for one in report.stretches
        ],
    }  # fmt: skip


def _ms(value: float | None) -> str:
    return "" if value is None else milliseconds(value)
