"""Who was erased, as digests in a file below the state folder: a restored store does not bring them back.

A line of JSON each. It is not in the store, which a restore replaces by one of before. The key of the digests is the
workspace's (`signing_key`), which no backup has: whoever finds a backup cannot try names.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from outrider.app.access.signing_key import signing_key
from outrider.model import IdentifierKind, Tombstone, Tombstones

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

TOMBSTONES: Final = "erasures.jsonl"


def read_tombstones(folder: Path) -> tuple[Tombstone, ...]:
    """Return what a folder has, none where there is no file; lines that cannot be read are left out."""
    stones = []
    with suppress(FileNotFoundError):
        for line in (folder / TOMBSTONES).read_text("utf-8").splitlines():
            with suppress(ValueError, TypeError, KeyError):
                values = json.loads(line)
                stones.append(Tombstone(**{**values, "kind": IdentifierKind(values["kind"])}))
    return tuple(stones)


def add_tombstones(folder: Path, stones: Iterable[Tombstone]) -> int:
    """Add those that are not there yet, durably; return how many."""
    known = {own.digest for own in read_tombstones(folder)}
    fresh = [own for own in stones if own.digest not in known]
    if fresh:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(folder / TOMBSTONES, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, "".join(f"{json.dumps(asdict(own))}\n" for own in fresh).encode())
            os.fsync(file)
        finally:
            os.close(file)
    return len(fresh)


def tombstones(state: Path) -> Tombstones:
    """Return those of a workspace."""
    return Tombstones(read_tombstones(state), signing_key(state))


class FollowedTombstones:
    """Those of a workspace, read again once the file has changed."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._key = signing_key(state)
        self._seen: object = None
        self._current = Tombstones((), self._key)

    def matcher(self) -> Callable[[str], bool] | None:
        """Return what tells whether a record, as JSON, names somebody who was erased; None if nobody was."""
        current = self._read()
        return current.matches if current else None

    def is_session(self, session: str) -> bool:
        """Return whether a session is one of somebody who was erased."""
        return self._read().matches(f'"{session}"')

    def _read(self) -> Tombstones:
        try:
            status = (self._state / TOMBSTONES).stat()
        except OSError:
            return Tombstones((), self._key)
        seen = (status.st_ino, status.st_size, status.st_mtime_ns)
        if seen != self._seen:
            self._seen = seen
            self._current = Tombstones(read_tombstones(self._state), self._key)
        return self._current
