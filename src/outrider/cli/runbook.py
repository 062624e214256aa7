"""`outrider runbook`."""

from __future__ import annotations

import json
import re

import click

from outrider.app import (
    fill_in,
    find_workspace,
    list_runbooks,
    new_runbook,
    read_runbook,
    runbook_values,
)
from outrider.cli.completed_names import complete_incidents
from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, name_column
from outrider.cli.run_tables import console
from outrider.cli.server_option import chosen_backend
from outrider.model import UsageError

_CODE = re.compile(r"(```.*?```|`[^`]*`)", re.DOTALL)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: outrider runbook show failure",
)
def runbook() -> None:
    """List and show runbooks, which say what to do about an incident, and write one of your own."""


@runbook.command("list", epilog="Example: outrider runbook list --json")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_(*, as_json: bool) -> None:
    """List all runbooks: the built-in ones, one for each problem, and those of the workspace."""
    known = list_runbooks(find_workspace().root)
    if as_json:
        click.echo(json.dumps([{"name": name, "own": is_own} for name, is_own in known.items()]))
        return
    table = FittedTable(name_column("runbook"), "written by")
    for name, is_own in known.items():
        table.add_row(name, "you" if is_own else "Outrider")
    console().print(table)


@runbook.command(epilog="Example: outrider runbook show degradation")
@click.argument("name")
@click.option(
    "--incident", "incident_name", metavar="INCIDENT", shell_complete=complete_incidents,
    help="Fill in what is known of this incident.",
)  # fmt: skip
def show(name: str, *, incident_name: str | None) -> None:
    """Print the runbook NAME, in Markdown."""
    root = find_workspace().root
    text = read_runbook(root, name) or read_runbook(root, f"{name}.md")
    if text is None:
        what = f'there is no runbook "{name[:80]}"'
        raise UsageError(what, slug="unknown-runbook", fix=f"there are: {', '.join(list_runbooks(root))}")
    if incident_name:
        with chosen_backend() as backend:
            incident, _ = backend.incident(incident_name)
        values = runbook_values(incident)
        parts = enumerate(_CODE.split(text))
        text = "".join(fill_in(part, values, is_code=bool(index % 2)) for index, part in parts)
    echo(text.rstrip("\n"))


@runbook.command(epilog="Example: outrider runbook new pay")
@click.argument("name")
def new(name: str) -> None:
    """Write scheduler/runbooks/NAME.md, to be edited.

    NAME is a built-in one, which the file then takes the place of, or another: an empty form.
    """
    root = find_workspace().root
    known = list_runbooks(root)
    path = new_runbook(root, name)
    echo(f"written: {path.relative_to(root).as_posix()}")
    if path.name not in known:
        echo(f'a [[label]] of scheduler/alerts.toml can name it: set = {{runbook = "{path.name}"}}', err=True)
