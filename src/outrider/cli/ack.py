"""`outrider ack`."""

from __future__ import annotations

import json

import click

from outrider.app import headline
from outrider.cli.completed_names import complete_lasting_incidents
from outrider.cli.echo import echo
from outrider.cli.server_option import chosen_backend


@click.command(epilog="Example: outrider ack 8a1f03c2")
@click.argument("incident", shell_complete=complete_lasting_incidents)
@click.option("--by", default="", help="Who acknowledges it; the current user if absent.")
@click.option(
    "--resolve",
    "--close",
    "resolve",
    is_flag=True,
    help="Resolve it: the same problem opens a new incident from now on.",
)
@click.option("--comment", default="", help="What its time line shows beside.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def ack(incident: str, *, by: str, resolve: bool, comment: str, as_json: bool) -> None:
    """Acknowledge an incident, which stops its escalation and reminders, or resolve it.

    INCIDENT is its id, or a beginning or an end of it that is unique.
    """
    with chosen_backend() as backend:
        acknowledged, author = backend.acknowledge(incident, author=by, resolve=resolve, comment=comment)
    action = "close" if resolve else "acknowledge"
    if as_json:
        click.echo(json.dumps({"incident": acknowledged.id, "action": action, "by": author}))
        return
    echo(f"{author}: {action} {headline(acknowledged)}")
