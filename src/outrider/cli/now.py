"""`outrider now`."""

from __future__ import annotations

import click

from outrider.app import find_workspace, open_store, request_runs, unknown_location_note
from outrider.cli.echo import warn


@click.command(epilog="Example: outrider now '*checkout*'")
@click.argument("patterns", nargs=-1, required=True)
@click.option("--location", default="local", show_default=True, help="Where to run.")
def now(patterns: tuple[str, ...], *, location: str) -> int:
    """Request immediate runs from the service, and print their ids.

    They precede every queued run; without a service, they run as soon as one starts. `outrider run` runs checks in
    this process instead.
    """
    workspace = find_workspace()
    with open_store(workspace) as store:
        warn(unknown_location_note(workspace, store.tables, location))
        requested = request_runs(store, patterns, location=location)
    for entry in requested:
        click.echo(f"{entry.run} {entry.check}")
    return 0
