"""`outrider audit`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, note_column
from outrider.cli.run_tables import at_with_zone, console
from outrider.cli.server_option import chosen_backend


@click.command(epilog="Example: outrider audit --limit 20")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def audit(*, limit: int, as_json: bool) -> None:
    """List who changed what, when and from where, the latest first."""
    with chosen_backend() as backend:
        changes = backend.changes(limit)
        timezone = "" if as_json else backend.timezone
    if as_json:
        click.echo(json.dumps([asdict(change) for change in changes]))
        return
    table = FittedTable("", "", "", note_column(""))
    for change in changes:
        detail = f": {change.detail}" if change.detail else ""
        what = f"{change.subject}{detail}  ({change.origin})"
        table.add_row(at_with_zone(change.at_us, timezone), change.actor, change.action, what)
    if changes:
        console().print(table)
    else:
        echo("nobody has changed anything yet", err=True)
    if not changes.is_complete:
        echo("there are earlier ones: --limit", err=True)
