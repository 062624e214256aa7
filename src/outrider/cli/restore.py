"""`outrider restore`."""

from __future__ import annotations

from pathlib import Path

import click

from outrider.app import find_workspace, restore_backup


@click.command(epilog="Example: outrider restore /var/backups/outrider-monday --force")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--force", is_flag=True, help="Replace an existing store; it is kept beside the new one.")
def restore(folder: Path, *, force: bool) -> int:
    """Replace store and artifacts by the backup in FOLDER; a running service continues with it."""
    restore_backup(find_workspace(), folder, force=force)
    click.echo(f"restored {folder}")
    return 0
