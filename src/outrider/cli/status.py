"""`outrider status`."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from outrider.app import display_name, override_note
from outrider.cli.fitted_table import (
    FittedTable,
    name_column,
    note,
    note_column,
    number_column,
    place_column,
    text_column,
    time_column,
)
from outrider.cli.run_tables import at, console, outcome_text, turn_text
from outrider.cli.server_option import chosen_backend
from outrider.model import per_cent

if TYPE_CHECKING:
    from outrider.app import ServiceStatus, TelemetryDay
    from outrider.model import ProcessView


@click.command(epilog="Example: outrider status --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(*, as_json: bool) -> int:
    """Show whether the service runs, the last outcome of each check, its coverage, and what else is judged."""
    with chosen_backend() as backend:
        state, timezone = backend.status(), backend.timezone
    if as_json:
        click.echo(json.dumps(_as_json(state)))
    else:
        _print(state, timezone)
    return 0 if state.is_running else 3


def process_text(process: ProcessView, timezone: str) -> str:
    """Return what is to be said of a process of the service; nothing if it never ended."""
    if not process.is_running:
        return f"{process.name} does not run since {at(process.since_us, timezone)}: {process.problem or 'not started'}"
    if not process.problem:
        return ""
    times = "once" if process.restarts == 1 else f"{process.restarts} times"
    return f"{process.name} was started again {times}: {process.problem}"


def telemetry_text(telemetry: TelemetryDay) -> str:
    """Return what was taken of telemetry on its newest day, and what was not kept of it, by reason."""
    taken = {kind: telemetry.counts.get(f"{kind} taken", 0) for kind in ("logs", "traces", "metrics")}
    numbers = ", ".join(f"{count:,} of {kind}" for kind, count in taken.items())
    dropped = "; ".join(f"{reason}: {count:,}" for reason, count in sorted(telemetry.dropped.items()))
    return f"telemetry of {telemetry.day}: {numbers}" + (f"; {dropped}" if dropped else "")


def _as_json(state: ServiceStatus) -> dict[str, Any]:
    return {
        "running": state.is_running,
        "leader": state.leader,
        "leader_seen_us": state.leader_seen_us,
        "processes": [asdict(process) for process in state.processes],
        "overrides": [asdict(setting) for setting in state.overrides],
        "queue": {"waiting": state.waiting, "running": state.running},
        "turns": [
            {
                "check": turn.claim.check,
                "workspace": turn.workspace,
                "process": turn.pid,
                "claimed_us": turn.claimed_us,
                "began_us": turn.began_us,
            }
            for turn in state.turns
        ],
        "paused": [asdict(pause) for pause in {pause.check: pause for pause in state.pauses}.values()],
        "checks": [{**asdict(run), "outcome": run.outcome.value} for run in state.last_runs],
        "coverage": [{**asdict(coverage), "share": coverage.share} for coverage in state.coverage],
        "telemetry": None if state.telemetry is None else asdict(state.telemetry),
        "aggregates": [asdict(series) for series in state.aggregates],
    }


def _print(state: ServiceStatus, timezone: str) -> None:
    out = console()
    service = "the service runs" if state.is_running else "no service runs: outrider up starts it"
    out.print(f"{service}; runs that wait: {state.waiting}, under way: {state.running}", highlight=False)
    for process in state.processes:
        if line := process_text(process, timezone):
            out.print(note(line, 0))
    for setting in state.overrides:
        out.print(note(override_note(setting), 0))
    for turn in state.turns:
        out.print(note(f"on this host: {turn_text(turn, timezone)}", 0))
    if state.telemetry is not None:
        out.print(note(telemetry_text(state.telemetry), 0))
    if state.last_runs or not state.aggregates:
        out.print(_table(state, timezone) if state.last_runs else "no runs yet")
    if state.aggregates:
        out.print(_aggregates_table(state, timezone))


def _aggregates_table(state: ServiceStatus, timezone: str) -> FittedTable:
    newest = time_column(f"newest judged ({timezone})")
    table = FittedTable(
        name_column("subject"), text_column("step"), place_column("where"), "condition", newest, note_column("why")
    )
    for series in state.aggregates:
        table.add_row(
            Text(series.subject),
            Text(f"{series.step} {series.metric}".strip()),
            Text(", ".join(filter(None, (series.environment, series.location)))),
            series.condition or "-",
            "-" if series.at_us is None else at(series.at_us, timezone),
            Text(series.reason),
        )
    return table


def _table(state: ServiceStatus, timezone: str) -> FittedTable:
    due: dict[tuple[str, str], int] = defaultdict(int)
    happened: dict[tuple[str, str], int] = defaultdict(int)
    for coverage in state.coverage:
        due[coverage.check, coverage.location] += coverage.due
        happened[coverage.check, coverage.location] += coverage.happened
    paused = {pause.check for pause in state.pauses}
    due_at = time_column(f"due ({timezone})")
    table = FittedTable(
        name_column("check"),
        place_column("location"),
        "last run",
        due_at,
        number_column("coverage"),
        note_column("reason"),
    )
    for run in state.last_runs:
        place = run.check, run.location
        share = per_cent(happened[place] / due[place]) if due[place] else "-"
        outcome = Text("paused") if run.check in paused else outcome_text(run.outcome)
        table.add_row(
            Text(display_name(run.check)), run.location, outcome, at(run.due_us, timezone), share, Text(run.reason)
        )
    return table
