"""`outrider assign`."""

from __future__ import annotations

import json

import click

from outrider.app import headline
from outrider.cli.completed_names import complete_lasting_incidents
from outrider.cli.echo import echo
from outrider.cli.server_option import chosen_backend


@click.command(epilog="Example: outrider assign 8a1f03c2 grace")
@click.argument("incident", shell_complete=complete_lasting_incidents)
@click.argument("name", required=False, default="")
@click.option("--by", default="", help="Who assigns it; the current user if absent.")
@click.option("--nobody", is_flag=True, help="Take the assignment back.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def assign(incident: str, name: str, *, by: str, nobody: bool, as_json: bool) -> None:
    """Assign an incident to NAME, who works on it; it goes on to notify until somebody acknowledges.

    INCIDENT is its id, or a beginning or an end of it that is unique.
    """
    if bool(name.strip()) == nobody:
        raise click.UsageError("write the NAME of who works on it, or --nobody")
    with chosen_backend() as backend:
        assigned, author = backend.assign(incident, name, author=by)
    if as_json:
        click.echo(json.dumps({"incident": assigned.id, "assigned_to": name.strip(), "by": author}))
        return
    echo(f"{author}: assign to {name.strip() or 'nobody'}: {headline(assigned)}")
