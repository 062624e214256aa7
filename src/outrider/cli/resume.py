"""`outrider resume`."""

from __future__ import annotations

import click

from outrider.cli.completed_names import complete_checks
from outrider.cli.server_option import chosen_backend


@click.command(epilog="Example: outrider resume '*checkout*'")
@click.argument("patterns", shell_complete=complete_checks, nargs=-1, required=True)
def resume(patterns: tuple[str, ...]) -> int:
    """Resume paused checks from their next scheduled time."""
    with chosen_backend() as backend:
        checks = backend.resume(patterns)
    for check, was_paused in checks.items():
        click.echo(f"resumed {check}" if was_paused else f"{check} was not paused")
    return 0
