"""`outrider changes`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.text import Text

from outrider.app import display_name
from outrider.cli.completed_names import complete_checks
from outrider.cli.echo import warn
from outrider.cli.fitted_table import FittedTable, name_column, number_column, text_column, time_column
from outrider.cli.progress import Progress
from outrider.cli.run_tables import at, console
from outrider.cli.server_option import chosen_backend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.app import LevelChange


@click.command(epilog="Example: outrider changes '*checkout*'")
@click.argument("pattern", shell_complete=complete_checks, default="*")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def changes(pattern: str, *, as_json: bool) -> None:
    """List change points of steps: when, by how much, and the release that explains it.

    Levels are without the time of day and the weekend. Changes below 5 % or the judge's floor_ms are left out.

    PATTERN is a check's id, with * for any characters.
    """
    with chosen_backend() as backend, Progress() as progress:
        progress.progress("looking for change points")
        changed = backend.level_changes(pattern)
        warn("" if changed else backend.unknown_check_note(pattern))
        timezone = "" if as_json else backend.timezone
    if as_json:
        click.echo(json.dumps([asdict(change) for change in changed]))
        return
    console().print(_table(changed, timezone) if changed else "no step took a new level")


def _table(changed: Sequence[LevelChange], timezone: str) -> FittedTable:
    numbers = map(number_column, ("before", "after", "change"))
    table = FittedTable(
        time_column(f"since ({timezone})"), name_column("check"), text_column("step"), *numbers, text_column("release")
    )
    for change in changed:
        table.add_row(
            at(change.at_us, timezone),
            Text(display_name(change.check)),
            Text(change.step),
            f"{change.before_ms:.0f} ms",
            f"{change.after_ms:.0f} ms",
            change.change,
            Text(change.release),
        )
    return table
