"""Forgetting: artifacts, samples, steps, runs and rollups past their age, without keeping a writer waiting.

No sample or run goes before the rollups of its hour are made, and no hour before that of its day.

Each transaction removes at most a few hundred things, some milliseconds of work, and is followed by a pause three times
as long: SQLite's waiting writers look again at intervals and are not queued, so that a lock which is nearly always
taken would starve them. What to remove is looked up beforehand, in transactions that only read.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, case, delete, exists, func, or_, select, tuple_

from outrider.model import LAST_GOOD_KINDS, LASTING, Outcome, Pruned
from outrider.store.alert_rows import forget_alerts
from outrider.store.artifact_use import forget_unreferenced, is_referenced
from outrider.store.attachment_schema import event_attachments
from outrider.store.issue_schema import error_event_ids, error_events, issue_hours, issues
from outrider.store.key_cache import raise_generation, read_mark, write_mark
from outrider.store.release_commit_table import release_commits
from outrider.store.release_health_table import release_days, release_hours
from outrider.store.replay_schema import replays
from outrider.store.rollup_job import DAYS_DONE, HOURS_DONE, HOURS_KEPT, LASTING_KEPT, RUNS_KEPT, SAMPLES_KEPT, roll_up
from outrider.store.rollups import DAY_HOURS, HOUR_US, hour_of, is_punctual
from outrider.store.schema import (
    aggregate_hours,
    artifacts,
    attempt_artifacts,
    attempt_steps,
    attempts,
    attribute_sets,
    circumstances,
    days,
    errors,
    hours,
    late_runs,
    loads,
    outcome_days,
    outcome_hours,
    runs,
    samples,
    series,
    steps,
)
from outrider.store.source_map_table import source_maps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection, Select, Table

    from outrider.model import ArtifactStore, FolderEntry, Retention
    from outrider.store.database import Database

_REFERENCES = 500
_SAMPLES = 2_000
_ALERTS = 1_000
_RUNS = 50
_FILES = 100
_PAGES = 250
_LOOKED_UP = 5_000
_PAUSE_RATIO = 3.0
_STEPS_MARK = "steps_pruned_to_us"
_DAY_US = 86_400 * 1_000_000
_EVENT_IDS_US = 7 * _DAY_US
"""For so long an event that is sent again is known; clients and spools give up long before."""
_INCREMENTAL = 2

_WITHOUT_MORE = tuple(
    ~exists().where(table.c.run_key == attempts.c.run_key) for table in (errors, attempt_artifacts, loads)
)

_DELETE_REFERENCE = delete(attempt_artifacts).where(
    attempt_artifacts.c.run_key == bindparam("run"),
    attempt_artifacts.c.attempt == bindparam("of_attempt"),
    attempt_artifacts.c.ordinal == bindparam("number"),
)


def prune(
    database: Database,
    folder: ArtifactStore,
    now_us: int,
    policy: Retention,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Pruned:
    """Make rollups, remove what is past its age at `now_us`, and return how much that was.

    It may be stopped at any moment, and be called by several processes at once.

    Args:
        pause: Called between transactions with seconds to stay away.
    """
    pruner = _Pruner(database, folder, now_us, policy, pause)
    roll_up(database, pruner.writing, now_us)
    pruner.seal()
    pruner.remove_references()
    pruner.remove_samples()
    pruner.remove_steps()
    pruner.remove_runs()
    pruner.remove_rollups()
    pruner.remove_alerts()
    pruner.remove_errors()
    pruner.remove_attachments()
    pruner.remove_releases()
    pruner.remove_source_maps()
    pruner.remove_replays()
    pruner.remove_unused_keys()
    pruner.remove_unreferenced()
    pruner.remove_strays()
    pruner.shrink()
    return pruner.done


class _Pruner:
    def __init__(
        self, database: Database, folder: ArtifactStore, now_us: int, policy: Retention, pause: Callable[[float], None]
    ) -> None:
        self._database = database
        self._folder = folder
        self._policy = policy
        self._now_us = now_us
        self._pause = pause
        self._runs_before_us = self._ago(policy.runs_s)
        self._details_before_us = self._ago(min(policy.details_s, policy.runs_s))
        self._others_before_us = self._ago(min(policy.others_s, policy.details_s, policy.runs_s))
        self._hours_before = hour_of(self._ago(max(policy.hours_s, policy.details_s))) // DAY_HOURS * DAY_HOURS
        self._days_before = hour_of(self._ago(max(policy.days_s, policy.hours_s, policy.details_s))) // DAY_HOURS
        self.done = Pruned()

    def seal(self) -> None:
        """Note what may be removed from now on, which is nothing that is not rolled up."""
        with self.writing() as connection:
            rolled = read_mark(connection, HOURS_DONE)
            self._details_before_us = min(self._details_before_us, rolled * HOUR_US)
            self._others_before_us = min(self._others_before_us, rolled * HOUR_US)
            self._runs_before_us = min(self._runs_before_us, rolled * HOUR_US)
            self._hours_before = min(self._hours_before, read_mark(connection, DAYS_DONE) * DAY_HOURS)
            for mark, number in (
                (LASTING_KEPT, -(-self._details_before_us // HOUR_US)),
                (SAMPLES_KEPT, -(-self._others_before_us // HOUR_US)),
                (RUNS_KEPT, -(-self._runs_before_us // HOUR_US)),
                (HOURS_KEPT, self._hours_before // DAY_HOURS),
            ):
                write_mark(connection, mark, max(number, read_mark(connection, mark)))

    def remove_references(self) -> None:
        """Delete references of runs to artifacts; the files follow when nothing refers to them."""
        for batch in self._batches(self._expired_references, _REFERENCES):
            keys = [{"run": run, "of_attempt": attempt, "number": number} for run, attempt, number in batch]
            with self.writing() as connection:
                gone = connection.execute(_DELETE_REFERENCE, keys).rowcount
            self.done = replace(self.done, artifacts=self.done.artifacts + gone)

    def remove_samples(self) -> None:
        """Remove samples past their age, a few series or a part of one in each transaction."""
        pending = self._series_past_age()
        while pending:
            with self.writing() as connection:
                gone = 0
                while pending and gone < _SAMPLES:
                    removed = self._remove_oldest(connection, *pending[-1], _SAMPLES - gone)
                    gone += removed
                    if not removed:
                        pending.pop()
            self.done = replace(self.done, samples=self.done.samples + gone)

    def remove_steps(self) -> None:
        """Remove steps, and attempts that hold nothing else, of runs that passed at once.

        A mark remembers up to when that was done.
        """
        with self._database.reading() as connection:
            mark = read_mark(connection, _STEPS_MARK)
            statement = select(runs.c.key).where(runs.c.due_us >= mark, runs.c.due_us < self._details_before_us)
            keys = connection.execute(statement.where(runs.c.outcome == Outcome.PASSED.value)).scalars().all()
        for start in range(0, len(keys), _RUNS):
            mine = keys[start : start + _RUNS]
            with self.writing() as connection:
                gone = connection.execute(delete(attempt_steps).where(attempt_steps.c.run_key.in_(mine))).rowcount
                connection.execute(delete(attempts).where(attempts.c.run_key.in_(mine), *_WITHOUT_MORE))
            self.done = replace(self.done, steps=self.done.steps + gone)
        with self.writing() as connection:
            write_mark(connection, _STEPS_MARK, max(mark, self._details_before_us))

    def remove_runs(self) -> None:
        """Remove whole runs, the oldest first."""
        for batch in self._batches(self._expired_runs, _RUNS):
            with self.writing() as connection:
                gone = connection.execute(delete(runs).where(runs.c.key.in_([key for (key,) in batch]))).rowcount
            self.done = replace(self.done, runs=self.done.runs + gone)

    def remove_rollups(self) -> None:
        """Remove rollups past their age, hours and days, of samples and of outcomes."""
        for table, before in (
            (hours, self._hours_before),
            (days, self._days_before),
            (outcome_hours, self._hours_before),
            (aggregate_hours, self._hours_before),
            (outcome_days, self._days_before),
        ):
            self._remove_rollups(table, before)

    def remove_alerts(self) -> None:
        """Remove incidents that ended, with the notifications and silences of their time, as old as runs may be."""
        while True:
            with self.writing() as connection:
                if not forget_alerts(connection, self._runs_before_us, _ALERTS):
                    return

    def remove_errors(self) -> None:
        """Remove sampled events and hours past their age, issues not seen for as long as runs stay, and old ids."""
        before_us = self._ago(self._policy.errors_s)
        sampled = (error_events.c.at_us < before_us) & (error_events.c.position == "")
        for column, aged in (
            (error_event_ids.c.id, error_event_ids.c.received_us < self._now_us - _EVENT_IDS_US),
            (error_events.c.id, sampled),
            (issues.c.key, issues.c.last_us < self._runs_before_us),
        ):
            for batch in self._batches(select(column).where(aged).limit, _REFERENCES):
                with self.writing() as connection:
                    connection.execute(delete(column.table).where(column.in_([key for (key,) in batch])))
        while True:
            own = issue_hours.c
            aged_hours = select(own.issue_key, own.number).where(own.number < hour_of(before_us)).limit(_SAMPLES)
            with self.writing() as connection:
                place = tuple_(own.issue_key, own.number)
                if not connection.execute(delete(issue_hours).where(place.in_(aged_hours))).rowcount:
                    return

    def remove_attachments(self) -> None:
        """Remove attachments of the events that came first, beyond the size of all."""
        own = event_attachments.c
        total = func.sum(artifacts.c.bytes).over(order_by=(error_events.c.at_us.desc(), own.event_id)).label("total")
        sized = select(own.event_id, total).join(artifacts, artifacts.c.key == own.artifact_key)
        sized_all = sized.join(error_events, error_events.c.id == own.event_id).subquery()
        wanted = select(sized_all.c.event_id).where(sized_all.c.total > self._policy.attachments_bytes)
        for batch in self._batches(wanted.limit, _REFERENCES):
            with self.writing() as connection:
                gone = own.event_id.in_([event for (event,) in batch])
                connection.execute(delete(event_attachments).where(gone))

    def remove_releases(self) -> None:
        """Remove sums of sessions by day past the age of errors, with commits, and those by hour after eight days."""
        self._remove_rollups(release_days, self._ago(self._policy.errors_s) // _DAY_US)
        self._remove_rollups(release_hours, hour_of(self._now_us - 8 * _DAY_US))
        with self.writing() as connection:
            old = release_commits.c.at_us < self._ago(self._policy.errors_s)
            connection.execute(delete(release_commits).where(old))

    def remove_source_maps(self) -> None:
        """Remove source maps that no error needed for long, and the longest unused ones beyond their size."""
        own = source_maps.c
        aged = select(own.key).where(own.used_us < self._ago(self._policy.source_maps_s))
        self._remove_rows(source_maps, aged)
        total = func.sum(artifacts.c.bytes).over(order_by=(own.used_us.desc(), own.key.desc())).label("total")
        sized = select(own.key, total).join(artifacts, artifacts.c.key == own.artifact_key).subquery()
        self._remove_rows(source_maps, select(sized.c.key).where(sized.c.total > self._policy.source_maps_bytes))

    def remove_replays(self) -> None:
        """Remove sessions' replays whole: those that began past their age, and the oldest ones beyond their size."""
        own = replays.c
        sizes = select(own.session, func.min(own.start_us).label("began_us"), func.sum(artifacts.c.bytes).label("size"))
        of_sessions = sizes.join(artifacts, artifacts.c.key == own.artifact_key).group_by(own.session).subquery()
        newest = (of_sessions.c.began_us.desc(), of_sessions.c.session)
        total = func.sum(of_sessions.c.size).over(order_by=newest).label("total")
        summed = select(of_sessions.c.session, of_sessions.c.began_us, total).subquery()
        gone = select(summed.c.session).where(
            (summed.c.began_us < self._ago(self._policy.replays_s)) | (summed.c.total > self._policy.replays_bytes)
        )
        self._remove_rows(replays, select(own.key).where(own.session.in_(gone)))

    def _remove_rows(self, table: Table, wanted: Select[Any]) -> None:
        for batch in self._batches(wanted.limit, _REFERENCES):
            with self.writing() as connection:
                connection.execute(delete(table).where(table.c.key.in_([key for (key,) in batch])))

    def remove_unused_keys(self) -> None:
        """Remove attribute sets last used by runs that are gone, and spellings of steps that no rollup needs.

        Use is noted once a day.
        """
        known_since_us = min(self._runs_before_us, self._days_before * _DAY_US)
        for table, before_us in ((attribute_sets, self._runs_before_us), (steps, known_since_us)):
            for batch in self._batches(partial(_unseen, table, before_us - 2 * _DAY_US), _REFERENCES):
                with self.writing() as connection:
                    connection.execute(delete(table).where(table.c.key.in_([key for (key,) in batch])))
                    raise_generation(connection)

    def remove_unreferenced(self) -> None:
        """Remove content that nothing refers to any more.

        Local files go within the transaction that removes their row: a recorder looks again, in its own, whether the
        files that it refers to are there.
        """
        for batch in self._batches(_unreferenced, _FILES):
            with self.writing() as connection:
                gone, names = forget_unreferenced(connection, [key for (key,) in batch])
                if self._folder.local:
                    self._folder.remove(names)
            if not self._folder.local:
                self._folder.remove(names)
            self._count_files([row.bytes for row in gone])

    def remove_strays(self) -> None:
        """Remove files that no row references, left by a crash between taking a file and committing its run."""
        old: list[FolderEntry] = []
        for file in self._folder.files():
            if file.modified_us < self._ago(self._policy.unreferenced_s):
                old.append(file)
            if len(old) >= _REFERENCES:
                self._remove_strays(old)
                old.clear()
        self._remove_strays(old)

    def shrink(self) -> None:
        """Give pages back to the file system while more than a quarter of an SQLite file is empty."""
        while self._database.engine.dialect.name == "sqlite" and self._mostly_empty():
            with self.writing() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None
                raw.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()  # a page a row, which SQLAlchemy hides

    def _ago(self, seconds: float) -> int:
        return self._now_us - round(seconds * 1_000_000)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction, and stay away from the database three times as long as it took."""
        began = time.monotonic()
        with self._database.writing() as connection:
            yield connection
        self._pause((time.monotonic() - began) * _PAUSE_RATIO)

    def _batches(self, statement: Callable[[int], Select[Any]], size: int) -> Iterator[Sequence[Any]]:
        """Yield what the statement finds in batches, looking again until it finds nothing."""
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(statement(_LOOKED_UP)).all()
            for start in range(0, len(rows), size):
                yield rows[start : start + size]
            if len(rows) < _LOOKED_UP:
                return

    def _expired_references(self, limit: int) -> Select[Any]:
        return expired_references(self._policy, self._now_us).limit(limit)

    def _expired_runs(self, limit: int) -> Select[Any]:
        counted = runs.c.key.not_in(select(late_runs.c.run_key))
        return (
            select(runs.c.key).where(runs.c.due_us < self._runs_before_us, counted).order_by(runs.c.due_us).limit(limit)
        )

    def _series_past_age(self) -> list[tuple[int, int]]:
        """Return the series that have samples past their age, and before when that is."""
        lasting = series.c.metric.in_(sorted(LASTING))
        before_us = case((lasting, self._details_before_us), else_=self._others_before_us)
        old = exists().where(samples.c.series_key == series.c.key, samples.c.at_us < before_us)
        with self._database.reading() as connection:
            return [(row[0], row[1]) for row in connection.execute(select(series.c.key, before_us).where(old))]

    def _remove_oldest(self, connection: Connection, series_key: int, before_us: int, limit: int) -> int:
        mine = and_(samples.c.series_key == series_key, samples.c.at_us < before_us, is_punctual())
        oldest = select(samples.c.at_us).where(mine).order_by(samples.c.at_us).limit(limit).subquery()
        until_us = connection.execute(select(func.max(oldest.c.at_us))).scalar_one()
        if until_us is None:
            return 0
        return connection.execute(delete(samples).where(mine, samples.c.at_us <= until_us)).rowcount

    def _remove_rollups(self, table: Table, before: int) -> None:
        places = tuple(table.primary_key.columns)
        for batch in self._batches(lambda limit: select(*places).where(table.c.number < before).limit(limit), _SAMPLES):
            with self.writing() as connection:
                connection.execute(delete(table).where(tuple_(*places).in_([tuple(row) for row in batch])))

    def _remove_strays(self, old: Sequence[FolderEntry]) -> None:
        with self._database.reading() as connection:
            strays = _unspoken_of(connection, old)
        for start in range(0, len(strays), _FILES):
            with self.writing() as connection:
                gone = _unspoken_of(connection, strays[start : start + _FILES])
                self._folder.remove([file.name for file in gone])
            self._count_files([file.bytes for file in gone])

    def _count_files(self, sizes: Sequence[int]) -> None:
        files, file_bytes = self.done.files + len(sizes), self.done.file_bytes + sum(sizes)
        self.done = replace(self.done, files=files, file_bytes=file_bytes)

    def _mostly_empty(self) -> bool:
        with self._database.reading() as connection:
            free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            incremental = connection.exec_driver_sql("PRAGMA auto_vacuum").scalar_one() == _INCREMENTAL
        return bool(incremental and free > _PAGES and free * 4 > pages)


def expired_references(policy: Retention, now_us: int) -> Select[Any]:
    """Return the query for the references to artifacts that are past their age at a time."""

    def ago(seconds: float) -> int:
        return now_us - round(seconds * 1_000_000)

    keys = (attempt_artifacts.c.run_key, attempt_artifacts.c.attempt, attempt_artifacts.c.ordinal)
    passed = runs.c.outcome == Outcome.PASSED.value
    unwanted = attempt_artifacts.c.kind.not_in(sorted(policy.passed_kinds))
    aged = or_(unwanted, runs.c.due_us < ago(min(policy.passed_artifacts_s, policy.artifacts_s)))
    if policy.last_good_s > 0:
        aged = and_(aged, tuple_(*keys).not_in(last_good(ago(policy.last_good_s))))
    expired = or_(and_(~passed, runs.c.due_us < ago(policy.artifacts_s)), and_(passed, aged))
    return select(*keys).join(runs, runs.c.key == attempt_artifacts.c.run_key).where(expired)


def _unreferenced(limit: int) -> Select[Any]:
    return select(artifacts.c.key).where(~is_referenced()).limit(limit)


def last_good(since_us: int) -> Select[Any]:
    """Return the query for the newest artifacts of each kind, release, place and check, of runs that passed at once.

    Args:
        since_us: Of releases before the newest of a place, only runs that were due then or later count.
    """
    place = (runs.c.check_key, circumstances.c.environment, circumstances.c.location, attempt_artifacts.c.kind)
    newest = (runs.c.due_us.desc(), runs.c.key.desc())
    ranked = (
        select(
            attempt_artifacts.c.run_key,
            attempt_artifacts.c.attempt,
            attempt_artifacts.c.ordinal,
            runs.c.due_us,
            func.dense_rank().over(partition_by=place, order_by=newest).label("in_place"),
            func.dense_rank().over(partition_by=(*place, circumstances.c.release), order_by=newest).label("in_release"),
        )
        .join(runs, runs.c.key == attempt_artifacts.c.run_key)
        .join(circumstances, circumstances.c.key == runs.c.circumstances_key)
        .where(runs.c.outcome == Outcome.PASSED.value, attempt_artifacts.c.kind.in_(sorted(LAST_GOOD_KINDS)))
        .subquery()
    )
    is_kept = or_(ranked.c.in_place == 1, and_(ranked.c.in_release == 1, ranked.c.due_us >= since_us))
    return select(ranked.c.run_key, ranked.c.attempt, ranked.c.ordinal).where(is_kept)


def _unseen(table: Table, since_us: int, limit: int) -> Select[Any]:
    return select(table.c.key).where(table.c.last_seen_us < since_us).limit(limit)


def _unspoken_of(connection: Connection, files: Sequence[FolderEntry]) -> list[FolderEntry]:
    wanted = [bytes.fromhex(file.digest) for file in files if file.digest]
    digests = connection.execute(select(artifacts.c.digest).where(artifacts.c.digest.in_(wanted))).scalars()
    known = {bytes(digest).hex() for digest in digests}
    return [file for file in files if file.digest not in known]
