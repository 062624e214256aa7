"""Runs as tables and as JSON."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from rich.text import Text

from outrider.app import display_name
from outrider.cli.fitted_table import FittedTable, name_column, note_column, number_column, shortened, text_column
from outrider.cli.printable_console import PrintableConsole
from outrider.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from outrider.model import Attempt, HostTurn, Run, Step, StoredRun

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
_PHASES = frozenset(
    f"{phase}_ms"
    for phase in (
        "redirects", "token", "dns", "connect", "tls", "upgrade", "first_byte", "first_message", "query", "transfer",
    )
)  # fmt: skip
_COARSE_MS = 10.0  # from here on fractions of a millisecond are noise
_CLAIM_CHARACTERS = 60  # of a name in a message about turns; its end tells it apart
_UNFOLDED = 100_000  # columns, where no terminal sets a width


def console(*, stderr: bool = False) -> Console:
    """Return stdout or stderr: as wide as the terminal, or wide enough for a line a run in a file or pipe."""
    out = PrintableConsole(stderr=stderr)
    if not out.is_terminal:
        out.width = max(out.width, _UNFOLDED)
    return out


def short(run: str) -> str:
    """Return the end of a run's id, which tells runs of one moment apart."""
    return run[-_SHORT_ID:]


def at(us: int, timezone: str) -> str:
    """Return a time for a reader, as clocks in a time zone show it, to the second; a table's title names the zone."""
    return f"{_local(us, timezone):%Y-%m-%d %H:%M:%S}"


def at_with_zone(us: int, timezone: str) -> str:
    """Return a time for a reader with the short name of its time zone."""
    return f"{_local(us, timezone):%Y-%m-%d %H:%M:%S %Z}"


def _local(us: int, timezone: str) -> datetime:
    return datetime.fromtimestamp(us / 1_000_000, ZoneInfo(timezone))


def outcome_text(outcome: Outcome) -> Text:
    """Return an outcome in its colour."""
    return Text(outcome.value, style=STYLES[outcome])


def turn_text(turn: HostTurn, timezone: str = "") -> str:
    """Return whose turn it is on this host, or who waits, and since when; in local time without a time zone."""
    at_us = turn.began_us or turn.claimed_us
    clock = _local(at_us, timezone) if timezone else datetime.fromtimestamp(at_us / 1_000_000).astimezone()
    state = "under way" if turn.began_us else "waiting"
    name = shortened(display_name(turn.claim.check), _CLAIM_CHARACTERS)
    return f"{name} of {turn.workspace} (process {turn.pid}), {state} since {clock:%H:%M:%S}"


def run_table(runs: Iterable[Run]) -> FittedTable:
    """Return one line a run."""
    table = FittedTable("outcome", name_column("check"), number_column("ms"), "run", note_column("reason"))
    for run in runs:
        took = run.attempts[0].measurement.duration_ms
        table.add_row(
            outcome_text(run.outcome), Text(display_name(run.check)), f"{took:.0f}", short(run.id), Text(run.reason)
        )
    return table


def repeat_table(runs: Iterable[Run]) -> FittedTable:
    """Return a line a check and a line a step: the outcomes, and the times of first attempts that passed."""
    numbers = map(number_column, ("runs", "median ms", "least", "most"))
    table = FittedTable(name_column("check, step"), *numbers, text_column("outcomes"))
    by_check: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_check[run.check].append(run)
    for check, group in by_check.items():
        measured = [run.attempts[0] for run in group if run.attempts[0].measured]
        counts = Counter(run.outcome for run in group)
        outcomes = Text(", ").join(
            Text(f"{count} {outcome.value}", style=STYLES[outcome]) for outcome, count in counts.items()
        )
        took = [attempt.measurement.duration_ms for attempt in measured]
        table.add_row(Text(display_name(check), style="bold"), str(len(group)), *_spread(took), outcomes)
        steps: dict[str, list[float]] = defaultdict(list)
        for step in (step for attempt in measured for step in shown_steps(attempt)):
            steps[step.title].append(step.duration_ms or 0.0)
        for title, times in steps.items():
            table.add_row(Text(f"  {title}"), str(len(times)), *_spread(times))
    return table


def _spread(times_ms: Sequence[float]) -> tuple[str, str, str]:
    if not times_ms:
        return "-", "-", "-"
    return f"{statistics.median(times_ms):.0f}", f"{min(times_ms):.0f}", f"{max(times_ms):.0f}"


def step_table(attempt: Attempt) -> FittedTable:
    """Return the timed parts of an attempt, a line each."""
    parts = timed_parts(attempt)
    outcome = [text_column("outcome", STYLES[Outcome.FAILED])] if any(part.is_wrong for part in parts) else []
    table = FittedTable(number_column("ms"), text_column("step"), name_column("source", "dim"), *outcome)
    for part in parts:
        took = "-" if part.took_ms is None else f"{part.took_ms:.{0 if part.took_ms >= _COARSE_MS else 2}f}"
        cells = (took, Text(part.title, style="bold red" if part.is_wrong else ""), part.source)
        table.add_row(*cells, *(("failed",) if part.is_wrong else ()))
    return table


class Part(NamedTuple):
    """Something within an attempt that took time; None if it never ended."""

    took_ms: float | None
    title: str
    source: str
    is_wrong: bool


def timed_parts(attempt: Attempt) -> list[Part]:
    """Return the steps on the first level, and below those of a probe their phases."""
    phases: dict[str, list[Part]] = defaultdict(list)
    for sample in attempt.measurement.samples:
        if sample.metric in _PHASES:
            name = sample.metric.removesuffix("_ms").replace("_", " ")
            phases[sample.step].append(Part(sample.value, f"  {name}", "", is_wrong=False))
    parts: list[Part] = []
    for step in shown_steps(attempt):
        parts += [Part(step.duration_ms, step.title, step.source, step.error is not None), *phases[step.key]]
    return parts


def shown_steps(attempt: Attempt) -> list[Step]:
    """Return the steps on the first level."""
    return [step for step in attempt.measurement.steps if step.parent is None]


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
        {"attempt": file.attempt, "kind": file.kind, "name": file.name, "bytes": file.bytes, "where": file.where}
        for file in stored.artifacts
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
            {
                "source": error.source,
                "message": error.message,
                "stack": error.stack,
                "url": error.url,
                "step": error.step,
            }
            for error in measurement.errors
        ],
        "attributes": dict(measurement.attributes),
        "trace_ids": list(measurement.trace_ids),
        "traces": [
            {"trace_id": trace.trace_id, "step": trace.step, "kind": trace.kind, "source": trace.source}
            for trace in measurement.traces
        ],
    }


def _iso(us: int) -> str:
    return datetime.fromtimestamp(us / 1_000_000, UTC).isoformat(timespec="milliseconds")
