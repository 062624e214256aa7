"""`outrider backup`."""

from __future__ import annotations

from pathlib import Path

import click

from outrider.app import back_up, find_workspace, open_store
from outrider.cli.echo import echo


@click.command(epilog="Example: outrider backup /var/backups/outrider-monday")
@click.argument("folder", type=click.Path(path_type=Path))
def backup(folder: Path) -> int:
    """Copy store and artifacts, as of one moment, into a new FOLDER; the service may run meanwhile."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        copied = back_up(workspace, store, folder)
    echo(f"{folder}: database of {copied.database_bytes} bytes, {copied.artifacts} artifacts")
    return 0
