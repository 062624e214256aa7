"""`outrider resume`."""

from __future__ import annotations

import click

from outrider.app.selection import chosen
from outrider.app.workspace_access import find_workspace, open_store


@click.command(epilog="Example: outrider resume '*checkout*'")
@click.argument("patterns", nargs=-1, required=True)
def resume(patterns: tuple[str, ...]) -> int:
    """Let paused checks make runs again, from their next time on."""
    with open_store(find_workspace()) as store:
        for check in chosen(store, patterns):
            was_paused = store.schedule.resume(check)
            click.echo(f"resumed {check}" if was_paused else f"{check} was not paused")
    return 0
