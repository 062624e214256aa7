"""`outrider ack`."""

from __future__ import annotations

import json

import click

from outrider.alerts import headline
from outrider.app.incident_lookup import incident_named, me, now_us
from outrider.app.runtime import open_store, workspace_here
from outrider.model import Acknowledgement


@click.command(epilog="Example: outrider ack 8a1f03c2")
@click.argument("incident")
@click.option("--by", default="", help="Who takes it on; you, if absent.")
@click.option("--close", is_flag=True, help="It is over: the same trouble is a new incident from now on.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def ack(incident: str, *, by: str, close: bool, as_json: bool) -> None:
    """Take an incident on, which stops its escalation and its reminders.

    INCIDENT is its id, or a beginning or an end of it that is unique.
    """
    author = by or me()
    action = "close" if close else "acknowledge"
    with open_store(workspace_here()) as store:
        found = incident_named(store, incident)
        store.incidents.acknowledge(Acknowledgement(found.id, now_us(), action, author))
    if as_json:
        click.echo(json.dumps({"incident": found.id, "action": action, "by": author}))
        return
    click.echo(f"{author}: {action} {headline(found)}")
