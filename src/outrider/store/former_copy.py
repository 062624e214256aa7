"""The copy of an SQLite file from before it was brought up to date, beside it: what a former program goes back to."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from outrider.store.failures import failure
from outrider.store.schema import REVISIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MARK: Final = ".revision-"
_KEPT_US: Final = 30 * 86_400_000_000
_ROOM: Final = 2.0  # the copy, and what the upgrade itself may write


def keep_former(path: Path, revision: str, copy: Callable[[Path], None]) -> None:
    """Copy a database that is about to be brought up to date, in the place of an earlier copy.

    Args:
        path: Of the database.
        revision: That it has.
        copy: Writes it into a new file.

    Raises:
        StoreError: store-full if there is no room for it; nothing was changed.
    """
    if shutil.disk_usage(path.parent).free < _ROOM * path.stat().st_size:
        needed = round(_ROOM * path.stat().st_size / 1e6)
        raise failure("store-full", str(path), f"an upgrade keeps a copy of it, and needs {needed:,} MB in all")
    unfinished = path.with_name(f"{path.name}{_MARK}part")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(path.stat().st_mode & 0o777)
    copy(unfinished)
    for former in _copies(path):
        if former != unfinished:
            former.unlink(missing_ok=True)
    unfinished.rename(path.with_name(f"{path.name}{_MARK}{revision}"))


def fitting_copy(path: Path) -> Path | None:
    """Return the copy beside a database that this program can read; None if there is none."""
    return next((copy for copy in _copies(path) if copy.name.rpartition(_MARK)[2] in REVISIONS), None)


def remove_former(path: Path, now_us: int | None = None) -> None:
    """Remove the copies beside a database; if a time is given, those only that are older than 30 days then."""
    for copy in _copies(path):
        if now_us is None or copy.stat().st_mtime_ns // 1000 < now_us - _KEPT_US:
            copy.unlink(missing_ok=True)


def _copies(path: Path) -> list[Path]:
    mark = f"{path.name}{_MARK}"
    return [own for own in path.parent.iterdir() if own.name.startswith(mark)] if path.parent.is_dir() else []
