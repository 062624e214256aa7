"""Backups of a workspace's store and artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.scheduler import make_backup, put_back

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.scheduler import Backup
    from outrider.store import Store
    from outrider.workspace import Workspace


def back_up(workspace: Workspace, store: Store, folder: Path) -> Backup:
    """Copy store and artifacts, as of one moment, into a new folder; the service may run meanwhile.

    Raises:
        UsageError: If the folder exists, or the store cannot be copied.
    """
    return make_backup(store, workspace.artifacts_url, folder)


def restore_backup(workspace: Workspace, folder: Path, *, force: bool = False) -> None:
    """Replace store and artifacts by a backup; a running service continues with it.

    Raises:
        UsageError: If there is a store already and `force` is not given, or the folder holds no backup.
    """
    put_back(folder, workspace.store_url, workspace.artifacts_url, force=force)
