"""`outrider pause`."""

from __future__ import annotations

import click

from outrider.cli.completed_names import complete_checks
from outrider.cli.server_option import chosen_backend


@click.command(epilog="Example: outrider pause '*checkout*' --reason 'payment provider is migrated'")
@click.argument("patterns", shell_complete=complete_checks, nargs=-1, required=True)
@click.option("--reason", default="", help="Shown by outrider status.")
def pause(patterns: tuple[str, ...], *, reason: str) -> int:
    """Pause checks; runs under way finish.

    A PATTERN is an id, a path, a name, or a glob over them. No run of a paused check is due.
    """
    with chosen_backend() as backend:
        checks = backend.pause(patterns, reason)
    for check in checks:
        click.echo(f"paused {check}")
    return 0
