"""`outrider pause`."""

from __future__ import annotations

import time

import click

from outrider.app.selection import chosen
from outrider.app.workspace_access import find_workspace, open_store


@click.command(epilog="Example: outrider pause '*checkout*' --reason 'payment moves house'")
@click.argument("patterns", nargs=-1, required=True)
@click.option("--reason", default="", help="Shown by outrider status.")
def pause(patterns: tuple[str, ...], *, reason: str) -> int:
    """Let checks make no runs until they are resumed; what is under way finishes.

    A PATTERN is an id, a path, a name, or a glob over them. While a check is paused nothing of it is due.
    """
    with open_store(find_workspace()) as store:
        for check in chosen(store, patterns):
            store.schedule.pause(check, time.time_ns() // 1000, reason)
            click.echo(f"paused {check}")
    return 0
