"""`outrider backup`."""

from __future__ import annotations

from pathlib import Path

import click

from outrider.app.workspace_access import find_workspace, open_store
from outrider.scheduler import make_backup


@click.command(epilog="Example: outrider backup /var/backups/outrider-monday")
@click.argument("folder", type=click.Path(path_type=Path))
def backup(folder: Path) -> int:
    """Copy store and artifacts into a new FOLDER, one state of them, while the service runs."""
    workspace = find_workspace()
    with open_store(workspace) as store:
        done = make_backup(store, workspace.artifacts_url, folder)
    click.echo(f"{folder}: database of {done.database_bytes} bytes, {done.artifacts} artifacts")
    return 0
