"""Backups: one state of the database, every artifact that it references, and telemetry where the workspace keeps it.

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

from outrider.app.access.requested_path import path_errors
from outrider.app.access.tombstone_file import add_tombstones, read_tombstones
from outrider.app.lookup.telemetry_access import ENGINE_FOLDER, engine_options, open_telemetry, telemetry_settings
from outrider.app.upkeep.personal_data import open_personal_data
from outrider.model import StoreError, UsageError
from outrider.store import Store, remove_former
from outrider.workspace import store_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrider.app.upkeep.personal_data import Erasure
    from outrider.workspace import Workspace

DATABASE = "outrider.db"
ARTIFACTS = "artifacts"
TELEMETRY = "telemetry"
_FILE = "sqlite:///"
_ENDINGS = ("", "-wal", "-shm")
_FIXES = {
    "store-damaged": "name another backup; nothing was replaced",
    "store-newer": "upgrade Outrider again, or name a backup of this version or an older one; nothing was replaced",
}
"""What to do about a backup, where a store that is in use needs something else."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What was copied; no bytes of telemetry where none was."""

    database_bytes: int
    artifacts: int
    telemetry_bytes: int | None = None


def back_up(workspace: Workspace, store: Store, folder: Path, *, telemetry: bool = True) -> Backup:
    """Copy store, artifacts and telemetry, each as of one moment, into a new folder; the service may run meanwhile.

    Args:
        telemetry: Whether telemetry is copied, where it is kept on this machine.

    Raises:
        UsageError: If the folder exists, or the store cannot be copied.
        TelemetryError: If the telemetry cannot be opened or copied; missing-extra if it is not installed.
    """
    has_telemetry = telemetry and _keeps_telemetry(workspace) and (workspace.state / ENGINE_FOLDER).exists()
    copy_telemetry = (lambda target: _copy_telemetry(workspace, target)) if has_telemetry else None
    backup = make_backup(store, workspace.artifacts_url, folder, copy_telemetry=copy_telemetry)
    add_tombstones(folder, read_tombstones(workspace.state))
    return backup


def restore_backup(
    workspace: Workspace,
    folder: Path,
    *,
    force: bool = False,
    telemetry: bool = True,
    tell: Callable[[str], None] = lambda _text: None,
    erased: Callable[[Erasure], None] = lambda _erasure: None,
) -> bool:
    """Replace store, artifacts and telemetry by a backup; a running service continues with it.

    People who were erased since are erased again.

    Args:
        tell: Is told what is being done.
        erased: Is given what was erased again, if anything was.
        telemetry: Whether telemetry is replaced, where the workspace keeps it and the backup has it.

    Returns:
        Whether telemetry was replaced.

    Raises:
        UsageError: If there is a store already and `force` is not given, or the folder holds no backup.
        TelemetryError: If the telemetry cannot be opened, or the backup of it is damaged; nothing is replaced then.
    """
    source = folder / TELEMETRY
    has_telemetry = telemetry and source.is_dir() and _keeps_telemetry(workspace)
    if has_telemetry and not force and (workspace.state / ENGINE_FOLDER).exists():
        raise _is_there(workspace.state / ENGINE_FOLDER, "give --force to replace it, or --no-telemetry to leave it")
    put_telemetry = (lambda: _put_telemetry_back(workspace, source)) if has_telemetry else None
    put_back(
        folder, store_address(workspace, os.environ), workspace.artifacts_url, force=force, put_telemetry=put_telemetry
    )
    add_tombstones(workspace.state, read_tombstones(folder))
    if read_tombstones(workspace.state):
        with open_personal_data(workspace, tell) as data:
            if (again := data.erase_again()) is not None:
                erased(again)
    return has_telemetry


def _keeps_telemetry(workspace: Workspace) -> bool:
    """Whether a workspace takes telemetry, and keeps it on this machine."""
    settings = workspace.telemetry
    return settings is not None and workspace.capabilities.telemetry and not settings.clickhouse


def _copy_telemetry(workspace: Workspace, target: Path) -> int:
    with open_telemetry(workspace) as opened:
        return opened.copy_to(target, engine_options(workspace, telemetry_settings(workspace)))


def _put_telemetry_back(workspace: Workspace, source: Path) -> None:
    with open_telemetry(workspace) as opened:
        opened.put_back(source, engine_options(workspace, telemetry_settings(workspace)))


def make_backup(
    store: Store, artifacts: str, folder: Path, *, copy_telemetry: Callable[[Path], int] | None = None
) -> Backup:
    """Copy a store into a new folder while others read and write it.

    Args:
        artifacts: Folder or URL; what lies behind a URL is not copied, since it has backups of its own.
        copy_telemetry: Copies telemetry into a folder, and returns its bytes.

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
    with path_errors(folder):
        telemetry_bytes = copy_telemetry(folder / TELEMETRY) if copy_telemetry is not None else None
    unfinished.rename(folder / DATABASE)  # last: a folder with a database is a whole backup
    return Backup((folder / DATABASE).stat().st_size, count, telemetry_bytes)


def put_back(
    folder: Path, url: str, artifacts: str, *, force: bool, put_telemetry: Callable[[], None] | None = None
) -> None:
    """Put a backup in the place of a store.

    Args:
        folder: Of the backup, or the copy of a database from before an upgrade: artifacts stay as they are then.
        url: Of the database, an SQLite file.
        artifacts: Folder or URL.
        force: Replace a database that is there; it is kept beside.
        put_telemetry: Puts telemetry back, or raises an error and replaces nothing.

    Raises:
        UsageError: no-backup, or store-exists without `force`.
        StoreError: store-url if the database is no SQLite file; what `Store.open` raises if the backup is damaged.
    """
    source = folder if folder.is_file() else folder / DATABASE
    if not source.is_file():
        raise UsageError(f"{folder} holds no {DATABASE}", slug="no-backup", fix="name a folder of outrider backup")
    if not source.stat().st_size:  # SQLite takes an empty file for a new database
        raise UsageError(f"{source} is empty", slug="no-backup", fix="name another backup; nothing was replaced")
    if not url.startswith(_FILE):
        raise StoreError("only SQLite files are restored", slug="store-url", fix="use the database server's own tools")
    target = Path(url.removeprefix(_FILE))
    if target.exists() and not force:
        raise _is_there(target, "give --force to replace it; it is kept beside as *.before-restore")
    fresh = target.with_name(f"{target.name}.restoring")
    try:
        with path_errors(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, fresh)
        _check(fresh, source, artifacts)
        with path_errors(target.parent):
            if put_telemetry is not None:
                put_telemetry()
            if "://" not in artifacts:
                _copy_files(folder / ARTIFACTS, Path(artifacts))
        _replace(fresh, target)
    finally:  # also of what was interrupted, or had no room
        for ending in _ENDINGS:
            fresh.with_name(f"{fresh.name}{ending}").unlink(missing_ok=True)


def _check(fresh: Path, source: Path, artifacts: str) -> None:
    """Refuse what is damaged, and bring up to date what is older, before anything is replaced."""
    try:
        Store.open(fresh, artifacts=artifacts).close()
    except StoreError as error:
        what = error.what.replace(str(fresh), str(source))
        raise StoreError(what, slug=error.slug, fix=_FIXES.get(error.slug, error.fix)) from None
    finally:
        remove_former(fresh)  # of an older backup, which stays what it was


def _is_there(path: Path, fix: str) -> UsageError:
    return UsageError(f"{path} is there already", slug="store-exists", fix=fix)


def _replace(fresh: Path, target: Path) -> None:
    for ending in _ENDINGS:
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
                _copy_whole(file, copy)
            count += 1
    return count


def _copy_whole(file: Path, copy: Path) -> None:
    """Copy a file that is not there until it is whole: a copy that was cut would be taken for it ever after."""
    part = copy.with_name(f"{copy.name}.part")
    try:
        shutil.copyfile(file, part)
        part.rename(copy)
    finally:
        part.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.glob("*/*")) if path.is_file() and path.parent.name != "incoming")
