"""Files of logs, followed: what is appended becomes records, across rotation, truncation and restarts.

A file is known by device and inode, whatever its name, so that one that is renamed is read to its end, and by its first
bytes, so that one that is written anew is read from its beginning. Where it was read to is written after its records
are in the spool: a kill in between brings the last piece twice, and loses nothing.
"""

from __future__ import annotations

import json
import os
import stat
import threading
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from outrider.telemetry.line_reader import SERVICE_NAME, LineReader, decoded
from outrider.telemetry.spool import SpoolFull
from outrider.telemetry.stacked_lines import Grouping, split_records

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrider.model import LogRecord
    from outrider.telemetry.attribute_reader import AttributeReader

log = structlog.get_logger("outrider.telemetry")

MOST_FILES: Final = 500
_LOOK_EVERY_S: Final = 1.0
_SHARE_OF_SEARCHES: Final = 20  # looking for files takes a twentieth of the time at most
_PIECE_BYTES: Final = 1 << 20
_PIECES: Final = 64  # of a file in a round
_HEAD_BYTES: Final = 64
_LEFT_ROUNDS: Final = 10
_MOST_ENTRIES: Final = 10_000
_PACKED: Final = frozenset({".gz", ".xz", ".bz2", ".zst", ".zip", ".lz4"})


@dataclass(frozen=True, slots=True)
class FilePattern:
    """Files to follow.

    Attributes:
        pattern: A path, absolute, which may have `*`, `?` and `**`.
        service: Whose logs they are; empty for the name of each file.
    """

    pattern: str
    service: str = ""


class LogFollower:
    """Follows files in a thread of its own.

    Args:
        patterns: Which files; of one that several match, the first decides.
        keep: Keeps records that came as so many bytes; raises `SpoolFull` while there is no room.
        reader: Limits, scrubs and counts.
        memory: A file that says where each was read to.
        resource: Attributes of all records, such as the name of the host.
        grouping: What one record is.
        from_beginning: Whether files that are there when their pattern is first followed are read from their beginning.
    """

    def __init__(
        self,
        patterns: Sequence[FilePattern],
        keep: Callable[[Sequence[LogRecord], int], object],
        reader: AttributeReader,
        memory: Path,
        *,
        resource: Mapping[str, object] | None = None,
        grouping: Grouping = Grouping.STACK,
        from_beginning: bool = False,
    ) -> None:
        self._patterns = patterns
        self._keep = keep
        self._reader = reader
        self._memory = memory
        self._resource = resource or {}
        self._grouping = grouping
        self._from_beginning = from_beginning
        known, self._places = _recalled(memory)
        self._new_patterns = {pattern.pattern for pattern in patterns} - known
        self._files: dict[str, _File] = {}
        self._unread: set[str] = set()
        self._search_due_s = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log follower", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End after the piece that is being kept; the next one goes on there."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        for file in self._files.values():
            os.close(file.descriptor)
        self._files.clear()

    def look(self) -> None:
        """Read what was appended to all files since the last look."""
        began_s = time.monotonic()
        if began_s >= self._search_due_s:
            self._search()
            self._search_due_s = time.monotonic() + _SHARE_OF_SEARCHES * (time.monotonic() - began_s)
        try:
            for key, file in tuple(self._files.items()):
                self._read(file)
                if file.left_rounds > _LEFT_ROUNDS:
                    os.close(file.descriptor)
                    del self._files[key]
                    self._remember()
        except SpoolFull:
            return  # the rest waits in the files

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            try:
                self.look()
            except Exception as error:  # one odd file must not end the reading of all others
                log.exception("files of logs are not read", reason=str(error))

    def _search(self) -> None:
        """Open files that are new, and notice those that are gone from their place."""
        there: dict[str, tuple[Path, FilePattern]] = {}
        for pattern in self._patterns:
            for path in _matching(pattern.pattern):
                key = _key(path)
                if key and key not in there:
                    there[key] = (path, pattern)
        for key, (path, pattern) in there.items():
            if key not in self._files:
                self._open(key, path, pattern, is_new=pattern.pattern not in self._new_patterns)
        for key, path in _moved(self._places, there).items():  # while nobody was looking
            followed = self._pattern(self._places[key].pattern)
            if followed is not None:
                self._open(key, path, followed, is_new=True)
        self._places.clear()
        for key, file in self._files.items():
            file.is_left = key not in there
        if self._new_patterns:
            self._new_patterns.clear()
            self._remember()

    def _pattern(self, text: str) -> FilePattern | None:
        return next((pattern for pattern in self._patterns if pattern.pattern == text), None)

    def _open(self, key: str, path: Path, pattern: FilePattern, *, is_new: bool) -> None:
        if len(self._files) >= MOST_FILES:
            self._complain(path, f"more than {MOST_FILES} files of logs are followed")
            return
        try:
            # what became a pipe a moment ago keeps nobody waiting
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except OSError as error:
            self._complain(path, error.strerror or str(error))
            return
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or _identity(status) != key:
            os.close(descriptor)
            return
        resource = {**self._resource, SERVICE_NAME: pattern.service or path.name.partition(".")[0] or path.name}
        file = _File(descriptor, str(path), pattern.pattern, LineReader(self._reader, resource))
        place = self._places.get(key)
        if place is not None:
            file.offset, file.head = place.offset, place.head
        elif not (is_new or self._from_beginning):
            file.offset = status.st_size
            file.head = os.pread(descriptor, _HEAD_BYTES, 0)
        self._files[key] = file
        self._unread.discard(str(path))

    def _read(self, file: _File) -> None:
        """Keep what a file has more than before, in pieces.

        Raises:
            SpoolFull: The rest is to be read later.
        """
        size = os.fstat(file.descriptor).st_size
        if size < file.offset or not os.pread(file.descriptor, len(file.head), 0).startswith(file.head):
            file.offset, file.head = 0, b""
            self._reader.lose("log files written anew")
        file.left_rounds = file.left_rounds + 1 if file.is_left and size == file.size else 0
        is_idle, file.size = size == file.size, size
        for _ in range(_PIECES):
            if self._stop.is_set() or not self._read_piece(file, is_idle=is_idle):
                return

    def _read_piece(self, file: _File, *, is_idle: bool) -> bool:
        """Keep the next piece; return whether there may be more."""
        data = os.pread(file.descriptor, _PIECE_BYTES, file.offset)
        if not data:
            return False
        is_full = len(data) == _PIECE_BYTES
        records, used = split_records(
            data,
            self._grouping,
            is_idle=is_idle and not is_full,
            is_whole=file.is_left and file.left_rounds >= _LEFT_ROUNDS and not is_full,
        )
        if is_full and not used:  # a line, or a stack, that is longer than any that is kept
            records, used = [data], len(data)
        if not used:
            return False
        attributes = {"log.file.path": file.path}
        lines = [file.lines.record(decoded(record), attributes=attributes) for record in records]
        self._keep(lines, used)
        file.offset += used
        if len(file.head) < _HEAD_BYTES:
            file.head = os.pread(file.descriptor, min(_HEAD_BYTES, file.offset), 0)
        self._remember()
        return is_full

    def _complain(self, path: Path, why: str) -> None:
        """Say once why a file is not followed."""
        if str(path) not in self._unread and len(self._unread) < _MOST_ENTRIES:
            self._unread.add(str(path))
            self._reader.lose("log files not read")
            log.warning("a file of logs is not read", file=str(path), reason=why)

    def _remember(self) -> None:
        """Write where each file was read to."""
        places = {key: file.place() for key, file in self._files.items()}
        document = {"patterns": [pattern.pattern for pattern in self._patterns], "files": places}
        draft = self._memory.with_suffix(".new")
        try:
            draft.write_text(json.dumps(document), "utf-8")
            draft.replace(self._memory)
        except OSError as error:
            log.warning("where files of logs were read to cannot be written", reason=error.strerror)


@dataclass(slots=True)
class _File:
    """A file that is followed, open so that it is read to its end whatever becomes of its name."""

    descriptor: int
    path: str
    pattern: str
    lines: LineReader
    offset: int = 0
    head: bytes = b""
    size: int = -1
    is_left: bool = False
    left_rounds: int = 0

    def place(self) -> dict[str, object]:
        return {"path": self.path, "pattern": self.pattern, "offset": self.offset, "head": self.head.hex()}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a file was read to, before this process."""

    path: str
    pattern: str
    offset: int
    head: bytes


def _recalled(memory: Path) -> tuple[set[str], dict[str, _Place]]:
    """Return which patterns were followed before, and where files were read to; nothing if it cannot be read."""
    try:
        document = json.loads(memory.read_text("utf-8"))
        places = {str(key): _place(fields) for key, fields in document["files"].items()}
        return {str(pattern) for pattern in document["patterns"]}, places
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set(), {}


def _place(fields: Mapping[str, Any]) -> _Place:
    head = bytes.fromhex(fields["head"])
    return _Place(str(fields["path"]), str(fields["pattern"]), max(0, int(fields["offset"])), head)


def _moved(places: Mapping[str, _Place], there: Mapping[str, object]) -> dict[str, Path]:
    """Return files that were read before and have another name in their folder now."""
    missing = {key: place for key, place in places.items() if key not in there}
    folders = {Path(place.path).parent for place in missing.values()}
    return {key: path for folder in folders for path in _entries(folder) if (key := _key(path)) in missing}


def _matching(pattern: str) -> list[Path]:
    path = Path(pattern)
    try:
        paths = Path(path.anchor).glob(str(path.relative_to(path.anchor)))
        return sorted(islice(paths, _MOST_ENTRIES))
    except (OSError, ValueError):
        return []


def _entries(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [folder / entry.name for entry in islice(entries, _MOST_ENTRIES)]
    except OSError:
        return []


def _key(path: Path) -> str:
    """Return what a file is known by; "" for what is no file, or packed."""
    if path.suffix in _PACKED:
        return ""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return ""
    return _identity(status) if stat.S_ISREG(status.st_mode) else ""


def _identity(status: os.stat_result) -> str:
    return f"{status.st_dev}:{status.st_ino}"
