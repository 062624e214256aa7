"""`outrider restore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from outrider.app import find_workspace, restore_backup
from outrider.cli.echo import echo
from outrider.cli.privacy import print_erasure
from outrider.cli.progress import Progress

if TYPE_CHECKING:
    from outrider.app import Erasure


@click.command(epilog="Example: outrider restore /var/backups/outrider-monday --force")
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option("--force", is_flag=True, help="Replace what is there; the store is kept beside, telemetry is not.")
@click.option("--telemetry/--no-telemetry", default=True, help="Replace telemetry, too, where it is kept here.")
def restore(folder: Path, *, force: bool, telemetry: bool) -> int:
    """Replace store, artifacts and telemetry by the backup in FOLDER; a running service continues with it.

    FOLDER may also be the copy that an upgrade keeps beside the database: only the database is replaced then.
    """
    with Progress() as progress:
        progress.progress(f"restoring {folder}")
        erasures: list[Erasure] = []
        has_telemetry = restore_backup(
            find_workspace(), folder, force=force, telemetry=telemetry, tell=progress.progress, erased=erasures.append
        )
    for erasure in erasures:
        echo("people who were erased since this backup were erased again:")
        print_erasure(erasure)
    echo(f"restored {folder}" + (" with its telemetry" if has_telemetry else ""))
    return 0
