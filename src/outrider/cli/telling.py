"""Runs, told to people and to programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from outrider.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrider.model import Attempt, Run, Step
    from outrider.store import StoredRun

STYLES = {
    Outcome.PASSED: "green",
    Outcome.PASSED_ON_RETRY: "yellow",
    Outcome.FAILED: "bold red",
    Outcome.INCONCLUSIVE: "magenta",
    Outcome.SETUP_ERROR: "bold magenta",
    Outcome.SKIPPED: "dim",
    Outcome.MISSED: "dim",
}
_SHORT_ID = 8


def short(run: str) -> str:
    """Return the end of a run's id, which tells runs of one moment apart."""
    return run[-_SHORT_ID:]


def at(us: int) -> str:
    """Return a time for a reader: UTC, to the second."""
    return datetime.fromtimestamp(us / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def outcome_text(outcome: Outcome) -> Text:
    """Return an outcome in its colour."""
    return Text(outcome.value, style=STYLES[outcome])


def run_table(runs: Iterable[Run]) -> Table:
    """Return one line a run."""
    table = Table(box=None, pad_edge=False)
    for title in ("outcome", "check", "ms", "run", "reason"):
        table.add_column(title, justify="right" if title == "ms" else "left", overflow="fold")
    for run in runs:
        took = run.attempts[0].measurement.duration_ms
        name = run.check.removeprefix("journey:")
        table.add_row(outcome_text(run.outcome), Text(name), f"{took:.0f}", short(run.id), Text(run.reason))
    return table


def step_table(attempt: Attempt) -> Table:
    """Return the steps of an attempt: the named ones if there are any, else those that Playwright told."""
    table = Table(box=None, pad_edge=False)
    table.add_column("ms", justify="right")
    table.add_column("step", overflow="fold")
    table.add_column("source", style="dim")
    for step in shown_steps(attempt):
        took = "-" if step.duration_ms is None else f"{step.duration_ms:.0f}"
        name = Text(step.title, style="bold red" if step.error else "")
        table.add_row(took, name, step.source)
    return table


def shown_steps(attempt: Attempt) -> list[Step]:
    """Return the steps on the first level."""
    return [step for step in attempt.measurement.steps if step.parent is None]


def deciding_attempt(run: Run) -> Attempt:
    """Return the attempt whose steps a reader wants: the first that did not pass, else the first."""
    return next((one for one in run.attempts if not one.measurement.outcome.is_good), run.attempts[0])


def run_as_json(run: Run) -> dict[str, object]:
    """Return a run as `--json` prints it; times in UTC, durations in ms."""
    return {
        "id": run.id,
        "check": run.check,
        "environment": run.environment,
        "location": run.location,
        "due": _iso(run.due_us),
        "started": _iso(run.started_us),
        "finished": _iso(run.finished_us),
        "outcome": run.outcome,
        "reason": run.reason,
        "release": run.circumstances.release,
        "browser": run.circumstances.browser,
        "snapshot": run.circumstances.snapshot,
        "attempts": [_attempt_as_json(attempt) for attempt in run.attempts],
    }


def stored_as_json(stored: StoredRun) -> dict[str, object]:
    """Return a stored run, with where its artifacts lie."""
    artifacts = [
        {"attempt": one.attempt, "kind": one.kind, "name": one.name, "bytes": one.bytes, "where": one.where}
        for one in stored.artifacts
    ]
    return {**run_as_json(stored.run), "artifacts": artifacts, "omitted": list(stored.omitted)}


def _attempt_as_json(attempt: Attempt) -> dict[str, object]:
    measurement = attempt.measurement
    return {
        "number": attempt.number,
        "measured": attempt.measured,
        "evidence": attempt.evidence,
        "outcome": measurement.outcome,
        "reason": measurement.reason,
        "duration_ms": round(measurement.duration_ms, 3),
        "steps": [
            {
                "key": step.key,
                "title": step.title,
                "kind": step.kind,
                "parent": step.parent,
                "offset_ms": round(step.offset_ms, 3),
                "duration_ms": None if step.duration_ms is None else round(step.duration_ms, 3),
                "source": step.source,
                "error": step.error,
            }
            for step in measurement.steps
        ],
        "samples": [
            {"step": sample.step, "metric": sample.metric, "value": round(sample.value, 3)}
            for sample in measurement.samples
        ],
        "errors": [
            {"source": one.source, "message": one.message, "stack": one.stack, "url": one.url, "step": one.step}
            for one in measurement.errors
        ],
        "trace_ids": list(measurement.trace_ids),
    }


def _iso(us: int) -> str:
    return datetime.fromtimestamp(us / 1_000_000, UTC).isoformat(timespec="milliseconds")
