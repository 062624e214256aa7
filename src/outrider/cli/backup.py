"""`outrider backup`."""

from __future__ import annotations

from pathlib import Path

import click

from outrider.app import back_up, find_workspace, open_store
from outrider.cli.echo import echo
from outrider.cli.progress import Progress


@click.command(epilog="Example: outrider backup /var/backups/outrider-monday")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--telemetry/--no-telemetry", default=True, help="Copy telemetry, too, where it is kept here.")
def backup(folder: Path, *, telemetry: bool) -> int:
    """Copy store, artifacts and telemetry, as of one moment, into a new FOLDER; the service may run meanwhile."""
    workspace = find_workspace()
    with open_store(workspace) as store, Progress() as progress:
        progress.progress(f"copying to {folder}")
        copied = back_up(workspace, store, folder, telemetry=telemetry)
    also = "" if copied.telemetry_bytes is None else f", telemetry of {copied.telemetry_bytes} bytes"
    echo(f"{folder}: database of {copied.database_bytes} bytes, {copied.artifacts} artifacts{also}")
    return 0
