"""Backups: one state of the database, and every artifact that it references.

The database is copied first. An artifact is in its folder before a row speaks of it, so that the copy of the folder,
made later, holds them all, but for those that retention removed in between.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.app.requested_path import path_errors
from outrider.model import StoreError, UsageError
from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.workspace import Workspace

DATABASE = "outrider.db"
ARTIFACTS = "artifacts"
_FILE = "sqlite:///"


@dataclass(frozen=True, slots=True)
class Backup:
    """What was copied."""

    database_bytes: int
    artifacts: int


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


def make_backup(store: Store, artifacts: str, folder: Path) -> Backup:
    """Copy a store into a new folder while others read and write it.

    Args:
        artifacts: Folder or URL; what lies behind a URL is not copied, since it has backups of its own.

    Raises:
        UsageError: backup-exists, unwritable-file.
        StoreError: If the database cannot be copied.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty", slug="backup-exists", fix="name a folder that does not exist yet")
    with path_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{DATABASE}.part"
    store.copy_to(unfinished)
    count = 0 if "://" in artifacts else _copy_files(Path(artifacts), folder / ARTIFACTS)
    unfinished.rename(folder / DATABASE)  # last: a folder with a database is a whole backup
    return Backup((folder / DATABASE).stat().st_size, count)


def put_back(folder: Path, url: str, artifacts: str, *, force: bool) -> None:
    """Put a backup in the place of a store.

    Args:
        url: Of the database, an SQLite file.
        artifacts: Folder or URL.
        force: Replace a database that is there; it is kept beside.

    Raises:
        UsageError: no-backup, or store-exists without `force`.
        StoreError: store-url if the database is no SQLite file; what `Store.open` raises if the backup is damaged.
    """
    source = folder / DATABASE
    if not source.is_file():
        raise UsageError(f"{folder} holds no {DATABASE}", slug="no-backup", fix="name a folder of outrider backup")
    if not url.startswith(_FILE):
        raise StoreError("only SQLite files are restored", slug="store-url", fix="use the database server's own tools")
    target = Path(url.removeprefix(_FILE))
    if target.exists() and not force:
        fix = "give --force to replace it; it is kept beside as *.before-restore"
        raise UsageError(f"{target} is there already", slug="store-exists", fix=fix)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.name}.restoring")
    shutil.copyfile(source, fresh)
    Store.open(fresh, artifacts=artifacts).close()  # refuses what is damaged, before anything is replaced
    if "://" not in artifacts:
        _copy_files(folder / ARTIFACTS, Path(artifacts))
    _replace(fresh, target)


def _replace(fresh: Path, target: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        old = target.with_name(f"{target.name}{ending}")
        with suppress(FileNotFoundError):
            old.rename(target.with_name(f"{target.name}.before-restore{ending}"))
    fresh.rename(target)


def _copy_files(source: Path, target: Path) -> int:
    """Copy what is not there yet, by hard link where that is possible; content-addressed files never change."""
    count = 0
    for file in _files(source):
        copy = target / file.relative_to(source)
        if copy.exists():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # retention was faster
            try:
                os.link(file, copy)
            except FileNotFoundError:
                raise
            except OSError:
                shutil.copyfile(file, copy)
            count += 1
    return count


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.glob("*/*")) if path.is_file() and path.parent.name != "incoming")
