"""`outrider restore`."""

from __future__ import annotations

from pathlib import Path

import click

from outrider.app.workspace_access import find_workspace
from outrider.scheduler import put_back


@click.command(epilog="Example: outrider restore /var/backups/outrider-monday --force")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--force", is_flag=True, help="Replace the store that is there; it is kept beside.")
def restore(folder: Path, *, force: bool) -> int:
    """Put the backup in FOLDER in the place of store and artifacts; a running service goes on with it."""
    workspace = find_workspace()
    put_back(folder, workspace.store_url, workspace.artifacts_url, force=force)
    click.echo(f"restored {folder}")
    return 0
