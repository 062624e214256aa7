"""`outrider runs`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from rich.text import Text

from outrider.app import display_name
from outrider.cli.completed_names import complete_checks
from outrider.cli.echo import echo, warn
from outrider.cli.fitted_table import FittedTable, name_column, note_column, place_column, time_column
from outrider.cli.run_tables import at, console, outcome_text, short
from outrider.cli.server_option import chosen_backend
from outrider.model import HERE, Outcome

_OUTCOMES = [outcome.value for outcome in Outcome]


@click.command(epilog="Example: outrider runs '*checkout*' --outcome failed")
@click.argument("pattern", shell_complete=complete_checks, default="*")
@click.option(
    "--outcome",
    type=click.Choice(_OUTCOMES),
    metavar="OUTCOME",
    help=f"Only runs that ended so: {', '.join(_OUTCOMES)}.",
)
@click.option("--location", default=None, help="Only runs there.")
@click.option("--limit", default=20, type=click.IntRange(1, 100_000_000), show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def runs(pattern: str, *, outcome: str | None, location: str | None, limit: int, as_json: bool) -> None:
    """List stored runs, the latest first; PATTERN is a check's id, with * for any characters."""
    with chosen_backend() as backend:
        ended = Outcome(outcome) if outcome else None
        summaries = backend.runs(pattern, outcome=ended, location=location, limit=limit)
        warn("" if summaries else backend.unknown_check_note(pattern))
        warn(backend.location_note(location) if location and not summaries else "")
        timezone = "" if as_json else backend.timezone
    if not summaries.is_complete:
        echo(f"there are more runs than the {limit} listed: --limit shows more", err=True)
    if as_json:
        click.echo(json.dumps([asdict(summary) for summary in summaries]))
        return
    with_places = any(summary.location != HERE for summary in summaries)
    table = FittedTable(
        "run",
        time_column(f"due ({timezone})"),
        "outcome",
        name_column("check"),
        *([place_column("location")] if with_places else []),
        note_column("reason"),
    )
    for summary in summaries:
        table.add_row(
            short(summary.id),
            at(summary.due_us, timezone),
            outcome_text(summary.outcome),
            Text(display_name(summary.check)),
            *([Text(summary.location)] if with_places else []),
            Text(summary.reason if summary.due_count == 1 else f"{summary.reason} ({summary.due_count} runs)"),
        )
    is_all = outcome is None and location is None and pattern == "*"
    nothing = "no runs yet: outrider run makes some" if is_all else "no such runs"
    console().print(table if summaries else nothing)
