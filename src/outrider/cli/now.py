"""`outrider now`."""

from __future__ import annotations

import time

import click

from outrider.app.runtime import open_store, workspace_here
from outrider.app.selection import chosen
from outrider.model import QueueEntry, new_run_id

_FIRST = 1_000


@click.command(epilog="Example: outrider now '*checkout*'")
@click.argument("patterns", nargs=-1, required=True)
@click.option("--location", default="local", show_default=True, help="Where it is to run.")
def now(patterns: tuple[str, ...], *, location: str) -> int:
    """Ask the running service to run checks at once, before all that waits; prints the ids of the runs.

    Without a service they run as soon as one is up. `outrider run` runs them in this process instead.
    """
    now_us = time.time_ns() // 1000
    with open_store(workspace_here()) as store:
        asked = [
            QueueEntry(new_run_id(now_us), check, location, now_us, _FIRST, "asked")
            for check in chosen(store, patterns)
        ]
        store.schedule.ask(asked)
    for entry in asked:
        click.echo(f"{entry.run} {entry.check}")
    return 0
