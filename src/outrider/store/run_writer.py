"""Write transactions, and the one that stores a run with everything that it brought back.

Files come first: they are in the artifact folder before a row refers to them. Doing it twice changes nothing, since a
run that is there already is passed over whole.
"""

from __future__ import annotations

from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from threading import Lock, local
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from outrider.model import NotLeading, bounded
from outrider.store.aggregate_rows import write_aggregates
from outrider.store.change_bell import ring
from outrider.store.gzip_copy import compressed
from outrider.store.key_cache import KeyCache
from outrider.store.queue_rows import remove
from outrider.store.rollup_job import note_late
from outrider.store.rows import PlacedAttempt, Rows, insert_plain
from outrider.store.schema import SCHEDULER, leader, runs
from outrider.store.text_limits import ARTIFACTS_PER_ATTEMPT, REASON_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from outrider.model import (
        AggregateSample,
        ArtifactFile,
        ArtifactStore,
        CheckId,
        Content,
        Measurement,
        RecordedAggregates,
        Run,
    )
    from outrider.store.database import Database
    from outrider.store.key_cache import KnownSubject

T = TypeVar("T")

_TRIES = 3
_ID_DIGITS = 32


@dataclass(slots=True)
class _Taken:
    """An attempt's files that are in the folder, and what there is to say about those that are not."""

    files: list[tuple[ArtifactFile, Content]] = field(default_factory=list)
    omitted: list[str] = field(default_factory=list)


Finished = tuple["Run", list[_Taken]]


class _Beside(local):
    """What this thread writes together with its next change."""

    def __init__(self) -> None:
        self.writes: list[Callable[[Connection], object]] = []


class Writer:
    """Runs every writing transaction of a store, one thread at a time; the others wait."""

    def __init__(self, database: Database, folder: ArtifactStore) -> None:
        self._database = database
        self._folder = folder
        self._keys = KeyCache()
        self._lock = Lock()
        self._beside = _Beside()
        self._leader: str | None = None

    def led_by(self, holder: str) -> Writer:
        """Return one that takes turns with this one, and writes only while somebody leads.

        Who was replaced without noticing, since it was stopped for a while, changes nothing.
        """
        fenced = copy(self)
        fenced._leader = holder
        return fenced

    def write_unmade(self, connection: Connection, unmade: Sequence[Run]) -> None:
        """Store runs without attempts, within the transaction of somebody else's write."""
        if unmade:
            self._write(connection, [(run, []) for run in unmade])

    def record_many(self, finished: Sequence[Run]) -> None:
        """Store runs with all that belongs to them: all of them or, on an error, none."""
        taken = [(run, [self._take(attempt.measurement) for attempt in run.attempts]) for run in finished]
        self.write(lambda connection: self._write(connection, taken))

    def forget(self) -> None:
        """Forget all keys: the database is another one."""
        with self._lock:
            self._keys.forget()

    @contextmanager
    def alongside(self, write: Callable[[Connection], object]) -> Iterator[None]:
        """Within the context, write in the transaction of the next change that this thread makes; never without one."""
        self._beside.writes.append(write)
        try:
            yield
        finally:
            if write in self._beside.writes:
                self._beside.writes.remove(write)

    def write(self, write: Callable[[Connection], T], *, is_leaders: bool = True, is_news: bool = True) -> T:
        """Return what `write` returns from a transaction, run again if another process added what this one would add.

        Writers follow each other, but this one remembers keys from before.

        Args:
            write: What is done in it.
            is_leaders: Whether this is the leader's to write, of a writer that somebody leads.
            is_news: Whether pages may show what is written.
        """
        with self._lock:
            for tries_left in reversed(range(_TRIES)):
                try:
                    return self._transact(write, self._leader if is_leaders else None, is_news=is_news)
                except BaseException as error:
                    self._keys.forget()
                    if not isinstance(error, IntegrityError) or not tries_left:
                        raise
        raise AssertionError("the last try returns or raises")

    def _transact(self, write: Callable[[Connection], T], holder: str | None, *, is_news: bool) -> T:
        with self._database.writing() as connection:
            if holder is not None:
                self._check_leads(connection, holder)
            result = write(connection)
            for beside in self._beside.writes:
                beside(connection)
            if is_news:
                ring(connection)
        self._beside.writes.clear()
        return result

    def _check_leads(self, connection: Connection, holder: str) -> None:
        present = connection.execute(select(leader.c.holder).where(leader.c.name == SCHEDULER)).scalar_one_or_none()
        if present != holder:
            raise NotLeading(f"{self._database.where}: another process leads", slug="not-leading")

    def record_aggregates(self, aggregates: Sequence[AggregateSample]) -> RecordedAggregates:
        """Store samples that belong to no run: all of them or, on an error, none."""
        return self.write(lambda connection: write_aggregates(connection, self._keys, aggregates))

    def _write(self, connection: Connection, finished: Sequence[Finished]) -> None:
        self._keys.begin(connection)
        remove(connection, [_bytes(run) for run, _ in finished])
        fresh = _without_stored(connection, finished)
        if not fresh:
            return
        self._keys.add_subjects(connection, {run.check: run.finished_us for run, _ in reversed(fresh)})
        known = {run.check: self._keys.subject(connection, run.check, run.finished_us) for run, _ in fresh}
        keys = self._insert_runs(connection, [run for run, _ in fresh], known)
        placed = []
        for run, taken in fresh:
            for attempt, files in zip(run.attempts, taken, strict=True):
                omitted = [*attempt.measurement.omitted, *files.omitted]
                present = [file for file in files.files if self._is_there(file, omitted)]
                placed.append(PlacedAttempt(run, keys[_bytes(run)], known[run.check], attempt, present, omitted))
        rows = Rows(connection, self._keys)
        rows.add(placed)
        rows.insert()
        note_late(connection, [(keys[_bytes(run)], known[run.check].key, run.due_us) for run, _ in fresh])

    def _insert_runs(
        self, connection: Connection, fresh: Sequence[Run], known: Mapping[CheckId, KnownSubject]
    ) -> dict[bytes, int]:
        rows = [
            (
                _bytes(run),
                known[run.check].key,
                self._keys.circumstances(connection, run),
                run.due_us,
                run.started_us,
                run.finished_us,
                run.outcome.value,
                bounded(run.reason, REASON_CHARACTERS),
                run.due_count,
            )
            for run in fresh
        ]
        insert_plain(connection, runs, rows, keyed=False)
        keys = connection.execute(select(runs.c.id, runs.c.key).where(runs.c.id.in_([row[0] for row in rows])))
        return {bytes(identifier): key for identifier, key in keys}

    def _take(self, measurement: Measurement) -> _Taken:
        """Take an attempt's files as they are kept; one that cannot be taken is noted and does not cost the run."""
        taken, left = _Taken(), measurement.artifacts
        for file in left[:ARTIFACTS_PER_ATTEMPT]:
            if file.content is not None:
                taken.files.append((file, file.content))
                continue
            try:
                kept = compressed(file)
                taken.files.append((kept, self._folder.take(kept.path)))
            except OSError as error:
                taken.omitted.append(f"{file.name}: {error.strerror or error}")
        if len(left) > ARTIFACTS_PER_ATTEMPT:
            taken.omitted.append(f"{len(left) - ARTIFACTS_PER_ATTEMPT} of {len(left)} files")
        return taken

    def _is_there(self, taken: tuple[ArtifactFile, Content], omitted: list[str]) -> bool:
        """Return whether a file is still in the folder, taking it again if a collector was faster.

        A collector removes local files only while it is the database's one writer, which now we are.
        """
        file, content = taken
        if not self._folder.local or self._folder.holds(content.digest):
            return True
        if file.content is not None:  # a worker's: its path says nothing of this machine
            omitted.append(f"{file.name}: it is gone")
            return False
        try:
            self._folder.take(file.path)
        except OSError as error:
            omitted.append(f"{file.name}: {error.strerror or error}")
            return False
        return True


def _without_stored(connection: Connection, finished: Sequence[Finished]) -> list[Finished]:
    """Return those that are not stored yet, each once."""
    wanted = {_bytes(run): (run, taken) for run, taken in finished}
    identifiers = connection.execute(select(runs.c.id).where(runs.c.id.in_(wanted))).scalars()
    stored = {bytes(identifier) for identifier in identifiers}
    return [new for identifier, new in wanted.items() if identifier not in stored]


def _bytes(run: Run) -> bytes:
    """Return a run's id as it is stored; what `uuid` makes of it is the same, at ten times the cost."""
    digits = run.id.replace("-", "")
    if len(digits) != _ID_DIGITS or not digits.isalnum():
        raise ValueError(f"{run.id!r} is no UUID")
    return bytes.fromhex(digits)
