"""`outrider resume`."""

from __future__ import annotations

import click

from outrider.app import find_workspace, open_store, resume_checks


@click.command(epilog="Example: outrider resume '*checkout*'")
@click.argument("patterns", nargs=-1, required=True)
def resume(patterns: tuple[str, ...]) -> int:
    """Resume paused checks from their next scheduled time."""
    with open_store(find_workspace()) as store:
        checks = resume_checks(store, patterns)
    for check, was_paused in checks.items():
        click.echo(f"resumed {check}" if was_paused else f"{check} was not paused")
    return 0
