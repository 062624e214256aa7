"""`outrider settings`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, note_column, text_column
from outrider.cli.run_tables import at_with_zone, console
from outrider.cli.server_option import chosen_backend


@click.group(invoke_without_command=True, epilog="Example: outrider settings set capabilities.load false")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_context
def settings(context: click.Context, *, as_json: bool) -> None:
    """List switches and levels, where their values come from, and what is set beside outrider.toml."""
    if context.invoked_subcommand is None:
        _print(as_json=as_json)


@settings.command("list", epilog="Example: outrider settings list --json")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_command(*, as_json: bool) -> None:
    """List them."""
    _print(as_json=as_json)


@settings.command("set", epilog="Example: outrider settings set journeys.concurrency 2")
@click.argument("name")
@click.argument("value")
@click.option("--by", default="", help="Who sets it; the current user if absent.")
def set_command(name: str, value: str, *, by: str) -> None:
    """Set NAME to VALUE beside outrider.toml; the service takes it up within a minute."""
    with chosen_backend() as backend:
        backend.change_setting(name, value, author=by)
    echo(f"{name} = {value}, in the place of what outrider.toml says, while the service runs")


@settings.command("unset", epilog="Example: outrider settings unset journeys.concurrency")
@click.argument("name")
def unset_command(name: str) -> None:
    """Let outrider.toml decide on NAME again."""
    with chosen_backend() as backend:
        backend.reset_setting(name)
    echo(f"{name}: outrider.toml decides")


def _print(*, as_json: bool) -> None:
    with chosen_backend() as backend:
        states = backend.settings()
        timezone = "" if as_json else backend.timezone
    if as_json:
        click.echo(json.dumps([asdict(state) for state in states]))
        return
    table = FittedTable("setting", text_column("value"), text_column("from"), note_column(""))
    for state in states:
        place, more = state.place or "default", ""
        if state.problem:
            more = f"which what {state.author} set contradicts: {state.problem}"
        elif state.at_us is not None:
            more = f"{at_with_zone(state.at_us, timezone)}, in the place of {json.dumps(state.in_file)} ({place})"
            place = f"set by {state.author}"
        table.add_row(state.name, json.dumps(state.value), place, more)
    console().print(table)
