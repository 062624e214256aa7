"""`outrider comment`."""

from __future__ import annotations

import json

import click

from outrider.app import headline
from outrider.cli.completed_names import complete_incidents
from outrider.cli.echo import echo
from outrider.cli.server_option import chosen_backend


@click.command(epilog='Example: outrider comment 8a1f03c2 "the certificate is being renewed"')
@click.argument("incident", shell_complete=complete_incidents)
@click.argument("text")
@click.option("--by", default="", help="Who says so; the current user if absent.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def comment(incident: str, text: str, *, by: str, as_json: bool) -> None:
    """Add TEXT to the time line of an incident, lasting or resolved.

    INCIDENT is its id, or a beginning or an end of it that is unique.
    """
    with chosen_backend() as backend:
        commented, author = backend.comment(incident, text, author=by)
    if as_json:
        click.echo(json.dumps({"incident": commented.id, "by": author}))
        return
    echo(f"{author}: comment on {headline(commented)}")
