"""One run or one load as a page, Markdown, JSON and CSV."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from outrider.charts import milliseconds
from outrider.model import number
from outrider.reports.report_page import fill
from outrider.reports.single import RunReport
from outrider.reports.single_load import LoadReport
from outrider.reports.table_text import cell, csv_table, markdown_table
from outrider.reports.time_text import moment, percent

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
    sentences = report.findings if isinstance(report, LoadReport) else report.sentences
    lines += [f"- {cell(sentence)}" for sentence in sentences] + ([""] if sentences else [])
    for name, rows in tables(report).items():
        if name != "seconds":
            lines += markdown_table(name, rows)
    return "\n".join(lines)


def single_json(report: Single) -> dict[str, Any]:
    """Return a report as plain data, without charts and pictures."""
    data = asdict(report)
    data.pop("charts", None)
    data.pop("waterfall", None)
    data["run"].pop("attempts")
    for artifact in data.get("artifacts", ()):
        artifact.pop("picture")
    return data


def single_csv(report: Single, table: str) -> str:
    """Return one of a report's tables."""
    return csv_table(tables(report)[table])


def _about(run: Run, timezone: str) -> list[tuple[str, str]]:
    lines = [
        ("run", str(run.id)),
        ("due", f"{moment(ZoneInfo(timezone), run.due_us)} ({timezone})"),
        ("place", f"{run.environment}, {run.location}"),
        ("reason", run.reason),
    ]
    return [line for line in lines if line[1]]


def _run_tables(report: RunReport) -> dict[str, Rows]:
    return {
        "steps": [
            {
                "step": step.name,
                "took": _ms(step.duration_ms),
                "usual": _ms(step.usual.value) if step.usual else "too little data",
                "interval": f"{milliseconds(step.usual.low)} to {milliseconds(step.usual.high)}" if step.usual else "",
                "standing": step.standing,
                "n": step.count,
                "error": step.error,
            }
            for step in report.steps
        ],
        "attempts": [
            {
                "attempt": attempt.number,
                "outcome": attempt.outcome,
                "took": _ms(attempt.duration_ms),
                "note": attempt.note,
                "reason": attempt.reason,
            }
            for attempt in report.attempts
        ],
        "errors": [
            {"attempt": attempt.number, "source": source, "step": step, "message": message}
            for attempt in report.attempts
            for source, step, message in attempt.errors
        ],
        "artifacts": [
            {
                "attempt": artifact.attempt,
                "kind": artifact.kind,
                "name": artifact.name,
                "bytes": artifact.bytes,
                "where": artifact.where,
            }
            for artifact in report.artifacts
        ],
        "joined": [
            {"what": what, "text": text}
            for what, text in (*report.joined, *(("incident", incident.title) for incident in report.incidents))
        ],
    }  # fmt: skip


def _load_tables(report: LoadReport) -> dict[str, Rows]:
    return {
        "endpoints": [
            {"endpoint": endpoint.endpoint, "requests": endpoint.requests, "failed": endpoint.failed,
             "share failed": percent(endpoint.failed / endpoint.requests) if endpoint.requests else "",
             "requests/s": number(endpoint.requests_per_s, ".1f"),
             "p50": _ms(endpoint.p50_ms), "p95": _ms(endpoint.p95_ms), "p99": _ms(endpoint.p99_ms)}
            for endpoint in report.endpoints
        ],
        "failures": [{"endpoint": where, "count": count, "message": text} for where, count, text in report.failures],
        "levels": [
            {"users": level.users, "seconds": number(level.seconds, ".0f"),
             "requests/s": number(level.requests_per_s, ".1f"),
             "p50": _ms(level.p50_ms), "p95": _ms(level.p95_ms), "failed": percent(level.failure_share)}
            for level in report.levels
        ],
        "seconds": [
            {"second": number(stretch.offset_s, ".0f"), "users": stretch.users,
             "requests/s": number(stretch.requests_per_s, ".1f"),
             "failed/s": number(stretch.failed_per_s, ".1f"), "p50": _ms(stretch.p50_ms), "p95": _ms(stretch.p95_ms),
             "p99": _ms(stretch.p99_ms)}
            for stretch in report.stretches
        ],
    }  # fmt: skip


def _ms(value: float | None) -> str:
    return "" if value is None else milliseconds(value)
