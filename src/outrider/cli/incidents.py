"""`outrider incidents`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.text import Text

from outrider.app import IncidentList, Phase, headline
from outrider.cli.completed_names import complete_incidents
from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, name_column, note, note_column, time_column
from outrider.cli.progress import Progress
from outrider.cli.run_tables import at, console, short
from outrider.cli.server_option import chosen_backend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.app import Incident
    from outrider.model import Comment, OutriderError

_STYLES = {
    Phase.OPEN: "bold red",
    Phase.FLAPPING: "bold magenta",
    Phase.ACKNOWLEDGED: "yellow",
    Phase.RECOVERING: "cyan",
    Phase.PENDING: "dim",
    Phase.RESOLVED: "green",
}


@click.command(epilog="Example: outrider incidents --all; outrider incidents 8a1f03c2")
@click.argument("incident", required=False, shell_complete=complete_incidents)
@click.option("--all", "everything", is_flag=True, help="Include those of the last 30 days that are resolved.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def incidents(incident: str | None, *, everything: bool, as_json: bool) -> None:
    """List incidents, the latest first, and notifications that could not be delivered.

    With INCIDENT, an id or a unique beginning or end of one, print what happened to that incident.
    """
    if incident:
        with chosen_backend() as backend:
            named, comments = backend.incident(incident)
            _show(named, comments, backend.explanation(named), backend.timezone, as_json=as_json)
        return
    with chosen_backend() as backend, _IncidentProgress() as progress:
        listed = backend.incidents(include_resolved=everything, listener=progress)
        timezone = "" if as_json else backend.timezone
    if not listed.is_complete:
        echo(f"these are the latest {len(listed.incidents):,} incidents: older ones are left out", err=True)
    if listed.unreadable:
        echo(f"these incidents are damaged in the store: {', '.join(listed.unreadable)}", err=True)
    if as_json:
        click.echo(json.dumps(_as_json(listed)))
        return
    console().print(_table(listed, timezone) if listed.incidents else "no incidents")
    for receiver, failures in listed.undelivered.items():
        click.echo(
            f"{receiver}: {failures.count} notifications could not be delivered, the last: {failures.note}", err=True
        )


def _show(
    incident: Incident, comments: Sequence[Comment], explained: Sequence[str], timezone: str, *, as_json: bool
) -> None:
    if as_json:
        beside = {"comments": [asdict(comment) for comment in comments], "where_the_time_went": explained}
        click.echo(json.dumps({**asdict(incident), **beside}))
        return
    out = console()
    out.print(_table(IncidentList((incident,), {}, {}), timezone))
    rest = incident.check_count - len(incident.checks)
    checks = FittedTable(name_column("check"), "")
    for check in incident.checks:
        checks.add_row(check, _well(incident, check, timezone))
    out.print()
    out.print(checks)
    if rest > 0:
        out.print(f"and {rest} more")
    if explained:
        out.print("\nwhere the time went:")
    for line in explained:
        out.print(note(f"  {line}"))
    quotes = [quote for quote in incident.explanation if not explained or quote.title != "where the time went"]
    if quotes:
        out.print("\nwhere it lies:")
    for quote in quotes:
        out.print(note(f"  {quote.title}: {quote.text}"))
    out.print(f"\nwhat happened ({timezone}):")
    if incident.earlier_events:
        out.print(f"  {incident.earlier_events:,} earlier events are not kept", style="dim")
    remarks = [(comment.at_us, f"{comment.author}: {comment.text}") for comment in comments]
    for at_us, what in sorted([*incident.events, *remarks], key=lambda entry: entry[0]):
        out.print(note(f"{at(at_us, timezone)}  {what}"))


def _well(incident: Incident, check: str, timezone: str) -> str:
    since_us = incident.well_since_us(check)
    return "" if since_us is None else f"well since {at(since_us, timezone)}"


class _IncidentProgress(Progress):
    """Says what is missing when the alert settings cannot be read."""

    def problem(self, error: OutriderError) -> None:
        """Print the problem and its consequence."""
        echo(f"{error}\nso maintenance and parents are not shown", err=True)


def _as_json(listed: IncidentList) -> dict[str, object]:
    rows = [{**asdict(incident), "muted": listed.muted.get(incident.id, "")} for incident in listed.incidents]
    undelivered = {name: [failures.count, failures.note] for name, failures in listed.undelivered.items()}
    return {"incidents": rows, "undelivered": undelivered, "is_complete": listed.is_complete} | {
        "unreadable": listed.unreadable
    }


def _table(listed: IncidentList, timezone: str) -> FittedTable:
    table = FittedTable(
        "incident", "state", "severity", time_column(f"since ({timezone})"), note_column("what"), note_column("")
    )
    for incident in listed.incidents:
        author = f"by {incident.acknowledged_by}" if incident.acknowledged_by else ""
        assignee = f"assigned to {incident.assigned_to}" if incident.assigned_to else ""
        notes = ", ".join(part for part in (author, assignee, listed.muted.get(incident.id, "")) if part)
        table.add_row(
            short(incident.id),
            Text(incident.phase.value, style=_STYLES[incident.phase]),
            incident.severity.value,
            at(incident.began_us, timezone),
            Text(headline(incident)),
            Text(notes, style="dim"),
        )
    return table
