"""`outrider status-page`: what the public reads of incidents, and a static copy of the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from outrider.app import (
    export_status_page,
    find_workspace,
    open_status_incident,
    open_status_page,
    open_store,
    status_page_incidents,
    update_status_incident,
)
from outrider.cli.echo import echo
from outrider.cli.run_tables import at_with_zone
from outrider.model import Impact, StatusPhase, counted

if TYPE_CHECKING:
    from outrider.app import StatusIncident

_STATES = click.Choice([phase.value for phase in StatusPhase])
_IMPACTS = click.Choice([impact.value for impact in Impact])


@click.group(
    "status-page",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: outrider status-page list",
)
def status_page() -> None:
    """Write incidents on the public status page, list them, and export the page.

    [status_page] in outrider.toml says what the page shows.
    """


@status_page.command(
    "open",
    epilog="Example: outrider status-page open 'Payments fail' 'We look into it.' --component Checkout --impact down",
)
@click.argument("title")
@click.argument("text")
@click.option(
    "--component", "components", multiple=True, metavar="NAME", help="A component that it affects; repeatable."
)
@click.option("--impact", type=_IMPACTS, default="none", show_default=True, help="What it makes of its components.")
@click.option("--state", type=_STATES, default="investigating", show_default=True, help="Where it is in its life.")
def open_(title: str, text: str, *, components: tuple[str, ...], impact: str, state: str) -> None:
    """Open an incident with a TITLE and the TEXT of its first update, and print its id."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        incident = open_status_incident(
            open_status_page(workspace, store), title, text,
            components=components, impact=Impact(impact), phase=StatusPhase(state),
        )  # fmt: skip
    click.echo(incident)


@status_page.command(epilog="Example: outrider status-page update 0193 'Payments work again.' --state resolved")
@click.argument("incident")
@click.argument("text")
@click.option("--state", type=_STATES, help="Where it is now; as before if absent.")
@click.option("--title", default="", help="Its title from now on; as before if absent.")
@click.option(
    "--component",
    "components",
    multiple=True,
    metavar="NAME",
    help="What it affects from now on; repeatable.",
)
@click.option("--impact", type=_IMPACTS, help="What it makes of its components from now on; as before if absent.")
def update(
    incident: str, text: str, *, state: str | None, title: str, components: tuple[str, ...], impact: str | None
) -> None:
    """Add an update with a TEXT to an INCIDENT, by its id or an end of it that is unique."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        known = update_status_incident(
            open_status_page(workspace, store), incident, text,
            phase=StatusPhase(state) if state else None, title=title,
            impact=Impact(impact) if impact else None, components=components or None,
        )  # fmt: skip
    echo(f"updated {known.id}: {title or known.title}")


@status_page.command("list", epilog="Example: outrider status-page list --json")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_(*, as_json: bool) -> None:
    """List the incidents of the page of 90 days, those that last first."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        incidents = status_page_incidents(open_status_page(workspace, store))
    if as_json:
        click.echo(json.dumps([_document(incident) for incident in incidents]))
        return
    for incident in incidents:
        changed = at_with_zone(incident.changed_us, workspace.timezone)
        echo(f"{incident.id}  {incident.phase:13}  {changed}  {incident.title}")
    if not incidents:
        echo("no incidents: outrider status-page open TITLE TEXT", err=True)


@status_page.command(epilog="Example: outrider status-page export /srv/www/status")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def export(folder: Path) -> None:
    """Write the page as files into a FOLDER that any web server can serve."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        count = export_status_page(open_status_page(workspace, store), folder)
    echo(f"wrote {counted(count, 'file')} to {folder}; open {folder / 'index.html'}")


def _document(incident: StatusIncident) -> dict[str, object]:
    return {
        "id": incident.id,
        "title": incident.title,
        "state": incident.phase,
        "impact": incident.impact,
        "began_us": incident.began_us,
        "updates": [{"at_us": update.at_us, "state": update.phase, "text": update.text} for update in incident.updates],
    }
