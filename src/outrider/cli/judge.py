"""`outrider judge`."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.text import Text

from outrider.app import (
    Condition,
    Signal,
    display_name,
    find_workspace,
    judge_steps,
    open_store,
    unjudged_metrics_note,
)
from outrider.cli.completed_names import complete_checks
from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, name_column, note_column, place_column, text_column, time_column
from outrider.cli.progress import Progress
from outrider.cli.run_tables import at, console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.app import StepStatus

_STYLES = {
    Condition.DEGRADED: "bold red",
    Condition.IMPROVED: "cyan",
    Condition.LEARNING: "dim",
    Condition.STEADY: "green",
}


@click.command(epilog="Example: outrider judge '*checkout*'")
@click.argument("pattern", shell_complete=complete_checks, default="*")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def judge(pattern: str, *, as_json: bool) -> None:
    """Show whether each step is steady, degraded, improved or still being learned, and why.

    PATTERN is the id of a check, or of another subject with numbers of its own such as a service, with * for any
    characters. What deviates comes first.
    """
    workspace = find_workspace()
    with open_store(workspace) as store, Progress() as progress:
        statuses = judge_steps(workspace, store, pattern, listener=progress)
        note = unjudged_metrics_note(store, pattern)
    if note:
        echo(note, err=True)
    if as_json:
        click.echo(json.dumps([_as_json(status) for status in statuses]))
        return
    console().print(
        _table(statuses, workspace.timezone) if statuses else "no runs that passed yet: outrider run makes some"
    )


def _table(statuses: Sequence[StepStatus], timezone: str) -> FittedTable:
    last = time_column(f"last run ({timezone})")
    table = FittedTable(
        "condition", name_column("check"), text_column("step"), place_column("where"), last, note_column("why")
    )
    for status in statuses:
        judgement = status.judgement
        condition = judgement.signal.condition
        is_explained = judgement.release and condition is Condition.DEGRADED
        release = f" (last release: {judgement.release})" if is_explained else ""
        table.add_row(
            Text(condition, style=_STYLES[condition]),
            Text(display_name(status.subject)),
            Text(_series(status)),
            Text(", ".join(filter(None, (status.environment, status.location)))),
            at(status.at_us, timezone),
            Text(f"{judgement.signal.reason}{release}"),
        )
    return table


def _series(status: StepStatus) -> str:
    """Return a step of a check, its failures, or a step and a metric of a subject that no run measures."""
    if not isinstance(status.judgement.signal, Signal):
        return status.metric
    return f"{status.judgement.step} {status.metric}".strip() if status.is_of_aggregates else status.judgement.step


def _as_json(status: StepStatus) -> dict[str, object]:
    signal = status.judgement.signal
    row: dict[str, object] = {
        "check": status.check,
        "subject": status.subject,
        "step": status.judgement.step or None,
        "metric": status.metric,
        "environment": status.environment,
        "location": status.location,
        "at_us": status.at_us,
        "release": status.judgement.release,
    }
    if isinstance(signal, Signal):
        row["since_us"] = None if signal.since is None else signal.since * 1_000_000
    return row | {name: _finite(value) for name, value in asdict(signal).items() if name not in {"since", "ignored"}}


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
