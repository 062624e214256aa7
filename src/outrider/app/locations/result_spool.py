"""Results of a worker until its server has them: encrypted, bounded, and still there after `kill -9`.

Each run is a folder, `RUN.LEASE`, with its document and its files, each sealed by itself. It is written beside, brought
to the disk, and appears by one rename. Nobody without the location's token can read it.
"""

from __future__ import annotations

import os
import shutil
import threading
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from outrider.model import Content, HeldRun, RunId, StoreError
from outrider.runs import packed_run
from outrider.store import compressed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.app.locations.sealed_box import SealedBox
    from outrider.model import ArtifactFile, Attempt, Run

MOST_BYTES: Final = 1 << 30
_DOCUMENT: Final = "document"
_UNFINISHED: Final = ".new-"


@dataclass(frozen=True, slots=True)
class SpooledResult:
    """A result that waits for its server."""

    held: HeldRun
    folder: Path


class ResultSpool:
    """Keeps results; any thread may use it, of one process at a time.

    Args:
        folder: Where they lie.
        box: Seals them.
        most_bytes: With more than this the files of a run are left out, and the run says so.
    """

    def __init__(self, folder: Path, box: SealedBox, *, most_bytes: int = MOST_BYTES) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._box = box
        self._most_bytes = most_bytes
        self._lock = threading.Lock()  # guards _waiting and _bytes
        for left in folder.glob(f"{_UNFINISHED}*"):  # a crash while it was written: the order is given out again
            shutil.rmtree(left, ignore_errors=True)
        self._waiting = {held: path for path in sorted(folder.iterdir()) if (held := _held(path)) is not None}
        self._bytes = sum(_size(path) for path in self._waiting.values())

    def held(self) -> tuple[HeldRun, ...]:
        """Return the runs whose results wait."""
        with self._lock:
            return tuple(self._waiting)

    def put(self, held: HeldRun, run: Run) -> None:
        """Keep a result, durably.

        Raises:
            StoreError: store-full if it cannot be written.
        """
        fresh = self._folder / f"{_UNFINISHED}{held.run}.{held.lease}"
        target = self._folder / f"{held.run}.{held.lease}"
        try:
            fresh.mkdir(mode=0o700)
            kept = replace(run, attempts=tuple(self._keep(fresh, attempt) for attempt in run.attempts))
            self._write(fresh / _DOCUMENT, packed_run(kept))
            _to_disk(fresh)
            fresh.rename(target)
            _to_disk(self._folder)
        except OSError as error:
            self._forget(fresh)
            what = f"the result of a run cannot be kept: {error.strerror or error}"
            raise StoreError(what, slug="store-full", fix="make room on the worker's disk") from None
        with self._lock:
            self._waiting[held] = target

    def waiting(self) -> Iterator[SpooledResult]:
        """Yield what waits, the oldest first."""
        with self._lock:
            known = list(self._waiting.items())
        yield from (SpooledResult(held, path) for held, path in known)

    def document(self, result: SpooledResult) -> bytes:
        """Return the document of a result, packed by gzip.

        Raises:
            ForgedMessage: If it was kept under another token, or is damaged.
        """
        return self._open(result.folder / _DOCUMENT)

    def files(self, result: SpooledResult) -> Iterator[tuple[str, bytes]]:
        """Yield the files of a result with their digests; raises as `document` does."""
        for path in sorted(result.folder.iterdir()):
            if path.name != _DOCUMENT:
                yield path.name, self._open(path)

    def remove(self, result: SpooledResult) -> None:
        """Forget a result that the server has, or refuses."""
        with self._lock:
            self._waiting.pop(result.held, None)
        self._forget(result.folder)

    def _forget(self, folder: Path) -> None:
        with self._lock:
            self._bytes -= _size(folder)
        shutil.rmtree(folder, ignore_errors=True)

    def _keep(self, folder: Path, attempt: Attempt) -> Attempt:
        kept: list[ArtifactFile] = []
        omitted = list(attempt.measurement.omitted)
        for file in attempt.measurement.artifacts:
            try:
                packed = compressed(file)
                content = packed.path.read_bytes()
            except OSError as error:
                omitted.append(f"{file.name}: {error.strerror or error}")
                continue
            if self._bytes + len(content) > self._most_bytes:
                omitted.append(f"{file.name}: the worker's spool is full")
                continue
            digest = sha256(content).hexdigest()
            self._write(folder / digest, content)
            kept.append(replace(packed, content=Content(digest, len(content))))
        measurement = replace(attempt.measurement, artifacts=tuple(kept), omitted=tuple(omitted))
        return replace(attempt, measurement=measurement)

    def _write(self, path: Path, content: bytes) -> None:
        sealed = self._box.seal(content, path.name)
        with path.open("wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        with self._lock:
            self._bytes += len(sealed)

    def _open(self, path: Path) -> bytes:
        return self._box.open(path.read_bytes(), path.name)


def _held(path: Path) -> HeldRun | None:
    run, dot, lease = path.name.rpartition(".")
    return HeldRun(RunId(run), int(lease)) if dot and lease.isdigit() and run and path.is_dir() else None


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir()) if folder.exists() else 0


def _to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
