"""`outrider now`."""

from __future__ import annotations

import click

from outrider.cli.completed_names import complete_checks
from outrider.cli.echo import warn
from outrider.cli.server_option import chosen_backend


@click.command(epilog="Example: outrider now '*checkout*'")
@click.argument("patterns", shell_complete=complete_checks, nargs=-1, required=True)
@click.option("--location", help="Where to run; local if absent, with --server the first location of each check.")
def now(patterns: tuple[str, ...], *, location: str | None) -> int:
    """Request immediate runs from the service, and print their ids.

    They precede every queued run; without a service, they run as soon as one starts. `outrider run` runs checks in
    this process instead.
    """
    with chosen_backend() as backend:
        warn(backend.location_note(location) if location else "")
        requested = backend.request_runs(patterns, location)
    for entry in requested:
        click.echo(f"{entry.run} {entry.check}")
    return 0
