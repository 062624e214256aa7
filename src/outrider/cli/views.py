"""`outrider views`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, name_column, note_column, time_column
from outrider.cli.run_tables import at, console
from outrider.cli.server_option import chosen_backend
from outrider.model import ViewPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import SavedView


@click.command(epilog="Example: outrider views slow 'service:checkout duration>500ms' --of traces")
@click.argument("name", required=False)
@click.argument("query", nargs=-1)
@click.option(
    "--of", "page", default="logs", show_default=True, type=click.Choice([page.value for page in ViewPage]),
    help="What it asks.",
)  # fmt: skip
@click.option("--remove", is_flag=True, help="Remove the view NAME.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of the views.")
def views(name: str | None, query: tuple[str, ...], *, page: str, remove: bool, as_json: bool) -> None:
    """Save QUERY under NAME for all who use the workspace; without them list what is saved.

    `outrider logs --view NAME` and the page of logs ask it; so do traces and errors.
    """
    if remove and (query or not name):
        raise click.UsageError("--remove takes the NAME of a view alone")
    if name and not (query or remove):
        raise click.UsageError("write the QUERY that is to be saved")
    with chosen_backend() as backend:
        if name and remove:
            backend.remove_view(ViewPage(page), name)
        elif name:
            backend.save_view(ViewPage(page), name, " ".join(query))
        saved, timezone = backend.views(), backend.timezone
    if as_json:
        echo(json.dumps([asdict(view) for view in saved]))
    elif saved:
        console().print(_table(saved, timezone))
    else:
        echo("no view is saved: outrider views NAME QUERY", err=True)


def _table(saved: Sequence[SavedView], timezone: str) -> FittedTable:
    table = FittedTable("of", name_column("view"), "by", time_column(f"saved ({timezone})"), note_column("query"))
    for view in saved:
        table.add_row(view.page, view.name, view.author, at(view.saved_us, timezone), view.query)
    return table
