"""`outrider related`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from outrider.app import find_workspace
from outrider.app.lookup.related_records import RELATED_KINDS, find_related
from outrider.cli.echo import echo, warn
from outrider.cli.fitted_table import FittedTable, name_column, note_column, text_column
from outrider.cli.run_tables import console
from outrider.model import counted


@click.command(epilog="Example: outrider related trace 4bf92f3577b34da6a3ce929d0e0e4736")
@click.argument("kind", type=click.Choice(RELATED_KINDS))
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def related(kind: str, name: str, *, as_json: bool) -> None:
    """Show the traces, runs, issues and sessions that share a trace with NAME, and how many log records they have.

    NAME is the id of a trace, run or session, or the number of an issue.
    """
    view = find_related(find_workspace(), kind, name)
    if as_json:
        echo(json.dumps(asdict(view)))
        return
    table = FittedTable(text_column("what"), name_column("id"), note_column("note"))
    for trace in view.traces:
        logs = "" if trace.logs is None else f", {counted(trace.logs, 'log record')}: outrider logs trace:{trace.id}"
        table.add_row("trace", trace.id, f"{counted(trace.spans, 'span')}{logs}")
    for word, items in (("run", view.runs), ("issue", view.issues), ("error", view.errors), ("session", view.sessions)):
        for item in items:
            table.add_row(word, item.id, item.text)
    if view.traces:
        console().print(table)
    else:
        click.echo(f"the {kind} names no trace", err=True)
    if view.more_traces:
        click.echo(f"{view.more_traces:,} more traces are left out", err=True)
    if view.missing:
        click.echo(f"traces without spans: {view.missing}", err=True)
    if view.unknown:
        warn(f"spans, log records and sessions are not known: {view.unknown}")
