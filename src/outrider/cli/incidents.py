"""`outrider incidents`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from outrider.alerts import AlertSettings, Phase, headline, read_incident, why_muted
from outrider.app.incident_lookup import now_us, settings_of
from outrider.app.runtime import open_store, workspace_here
from outrider.cli.telling import at, console
from outrider.model import ConfigError, Status

if TYPE_CHECKING:
    from outrider.alerts import Incident
    from outrider.store import Store
    from outrider.workspace import Workspace

_STYLES = {
    Phase.OPEN: "bold red",
    Phase.FLAPPING: "bold magenta",
    Phase.ACKNOWLEDGED: "yellow",
    Phase.RECOVERING: "cyan",
    Phase.PENDING: "dim",
    Phase.RESOLVED: "green",
}
_DAY_US = 86_400_000_000
_SHORT_ID = 8
_MOST_FAILURES = 1_000


@click.command(epilog="Example: outrider incidents --all")
@click.option("--all", "everything", is_flag=True, help="Those of the last 30 days that are over too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def incidents(*, everything: bool, as_json: bool) -> None:
    """List incidents, the latest first, and what could not be delivered."""
    workspace = workspace_here()
    settings = _settings(workspace)
    now = now_us()
    with open_store(workspace) as store:
        since_us = now - 30 * _DAY_US
        kept = store.incidents.search(lasting=not everything, since_us=since_us, limit=1_000)
        found = [read_incident(one) for one in kept]
        silences = store.silences.ending_after(now)
        failures = _failures(store)
    active = [one for one in found if one.phase.lasts]
    muted = {one.id: why_muted(one, active, silences, settings, now) for one in active}
    if as_json:
        told = [{**asdict(one), "muted": muted.get(one.id, "")} for one in found]
        click.echo(json.dumps({"incidents": told, "undelivered": failures}))
        return
    console().print(_table(found, muted) if found else "no incidents")
    for receiver, (count, note) in failures.items():
        click.echo(f"{receiver}: {count} notifications could not be delivered, the last: {note}", err=True)


def _settings(workspace: Workspace) -> AlertSettings:
    """Return the settings; incidents are listed even where those cannot be read, such as without the secrets."""
    try:
        return settings_of(workspace)
    except ConfigError as error:
        click.echo(f"{error}\nso maintenance and parents are not shown", err=True)
        return AlertSettings()


def _table(found: list[Incident], muted: dict[str, str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("incident", "state", "severity", "since (UTC)", "what", ""):
        table.add_column(title, overflow="fold")
    for one in found:
        by = f"by {one.acknowledged_by}" if one.acknowledged_by else ""
        phase = Text(one.phase.value, style=_STYLES[one.phase])
        told = Text(", ".join(part for part in (by, muted.get(one.id, "")) if part), style="dim")
        table.add_row(one.id[-_SHORT_ID:], phase, one.severity.value, at(one.began_us), Text(headline(one)), told)
    return table


def _failures(store: Store) -> dict[str, tuple[int, str]]:
    """Return by receiver how many notifications were given up, and why the last one was."""
    found: dict[str, tuple[int, str]] = {}
    for row in store.outbox.search(status=Status.UNDELIVERED, limit=_MOST_FAILURES):
        found[row.receiver] = (found.get(row.receiver, (0, ""))[0] + 1, row.note)
    return found
