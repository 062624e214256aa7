"""What a scheduler keeps: the queue of due runs, who leads, what is paused, and how many due runs happened.

A run's id is made when it is put into the queue, and it leaves the queue in the transaction that stores it: a crash in
between repeats it under the same id. Everything that a leader writes is fenced: a transaction of one that has been
replaced changes nothing.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, case, delete, func, insert, select, update

from outrider.model import CheckId, Coverage, Leadership, Outcome, Pause, RunId, ScheduleQueue, bounded, identity
from outrider.store.queue_rows import add, entry_of, run_bytes
from outrider.store.schema import SCHEDULER, circumstances, leader, pauses, queue, runs, subjects
from outrider.store.text_limits import REASON_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection

    from outrider.model import QueueEntry, Run
    from outrider.store.database import Database
    from outrider.store.run_writer import Writer

_HAPPENED = [outcome.value for outcome in Outcome if outcome not in {Outcome.SKIPPED, Outcome.MISSED}]
_LEASE = (
    update(queue)
    .where(queue.c.run_id == bindparam("of"))
    .values(leased_by=bindparam("by"), lease_until_us=bindparam("until"))
)


class _Unchanged(Exception):
    """Nothing is to be changed, so that nothing is to be noted beside it (`Writer.alongside`)."""


class ScheduleTable(ScheduleQueue):
    """The queue, the leader and pauses, in a database."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer
        self._write = writer.write

    def leadership(self) -> Leadership | None:
        with self._database.reading() as connection:
            row = connection.execute(select(leader).where(leader.c.name == SCHEDULER)).one_or_none()
        return None if row is None else Leadership(row.holder, row.beat, row.at_us, row.planned_until_us, row.era)

    def lead(self, holder: str, at_us: int, replaced: Leadership | None) -> bool:
        won: list[bool] = []

        def write(connection: Connection) -> None:
            won.clear()
            row = connection.execute(select(leader).where(leader.c.name == SCHEDULER)).one_or_none()
            if row is None:
                fresh = {"holder": holder, "beat": 1, "at_us": at_us, "planned_until_us": 0, "era": 0}
                connection.execute(insert(leader), {"name": SCHEDULER, **fresh})
            elif row.holder == "" or (replaced and (row.holder, row.beat) == (replaced.holder, replaced.beat)):
                fresh = {"holder": holder, "beat": row.beat + 1, "at_us": at_us}
                connection.execute(update(leader).where(leader.c.name == SCHEDULER).values(**fresh))
            else:
                return
            ours = queue.c.leased_by.is_not(None)
            connection.execute(update(queue).where(ours).values(leased_by=None, lease_until_us=None))
            won.append(True)

        self._write(write)
        return bool(won)

    def beat(self, holder: str, at_us: int) -> bool:
        return self._fenced(holder, lambda _: None, {"at_us": at_us})

    def resign(self, holder: str) -> None:
        def write(connection: Connection) -> None:
            connection.execute(update(queue).where(queue.c.leased_by == holder).values(leased_by=None))

        self._fenced(holder, write, {"holder": ""})

    def advance(
        self,
        holder: str,
        entries: Sequence[QueueEntry] = (),
        leases: Mapping[RunId, int] | None = None,
        *,
        planned_until_us: int | None = None,
        era: int | None = None,
        unmade: Sequence[Run] = (),
    ) -> bool:
        rows = [{"of": run_bytes(run), "by": holder, "until": until} for run, until in (leases or {}).items()]

        def write(connection: Connection) -> None:
            self._writer.write_unmade(connection, unmade)
            add(connection, entries)
            if rows:
                connection.execute(_LEASE, rows)

        marks = {"planned_until_us": planned_until_us, "era": era}
        known = {name: value for name, value in marks.items() if value is not None}
        return self._fenced(holder, write, known, is_news=bool(unmade))

    def ask(self, entries: Sequence[QueueEntry]) -> None:
        self._write(lambda connection: add(connection, entries))

    def ask_once(self, entry: QueueEntry) -> RunId:
        same = (queue.c.check_id == entry.check) & (queue.c.location == entry.location)
        same &= queue.c.origin == entry.origin

        def write(connection: Connection) -> RunId:
            waiting = connection.execute(select(queue).where(same & queue.c.leased_by.is_(None)).limit(1)).one_or_none()
            if waiting is not None:
                raise _Unchanged(entry_of(waiting).run)
            add(connection, [entry])
            return entry.run

        try:
            return self._writer.write(write)
        except _Unchanged as unchanged:
            return RunId(unchanged.args[0])

    def waiting(self) -> tuple[QueueEntry, ...]:
        statement = select(queue).where(queue.c.leased_by.is_(None)).order_by(queue.c.due_us)
        with self._database.reading() as connection:
            return tuple(entry_of(row) for row in connection.execute(statement))

    def asked(self) -> tuple[QueueEntry, ...]:
        return tuple(entry for entry in self.waiting() if entry.origin != "schedule")

    def length(self) -> tuple[int, int]:
        statement = select(func.count(), func.count(queue.c.leased_by))
        with self._database.reading() as connection:
            whole, leased = connection.execute(statement.select_from(queue)).one()
        return whole - leased, leased

    def pause(self, check: CheckId, at_us: int, reason: str = "") -> None:
        def write(connection: Connection) -> None:
            if connection.execute(select(pauses).where(pauses.c.check_id == identity(check))).one_or_none():
                raise _Unchanged
            row = {"check_id": identity(check), "since_us": at_us, "reason": bounded(reason, REASON_CHARACTERS)}
            connection.execute(insert(pauses), row)

        with suppress(_Unchanged):
            self._write(write)

    def resume(self, check: CheckId) -> bool:
        def write(connection: Connection) -> bool:
            if not connection.execute(delete(pauses).where(pauses.c.check_id == identity(check))).rowcount:
                raise _Unchanged
            return True

        try:
            return self._writer.write(write)
        except _Unchanged:
            return False

    def pauses(self) -> tuple[Pause, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(select(pauses).order_by(pauses.c.check_id)).all()
        return tuple(Pause(CheckId(row.check_id), row.since_us, row.reason) for row in rows)

    def coverage(self, since_us: int) -> tuple[Coverage, ...]:
        happened = func.sum(case((runs.c.outcome.in_(_HAPPENED), runs.c.due_count), else_=0))
        place = (subjects.c.id, circumstances.c.environment, circumstances.c.location)
        joined = runs.join(subjects, subjects.c.key == runs.c.check_key)
        joined = joined.join(circumstances, circumstances.c.key == runs.c.circumstances_key)
        statement = (
            select(*place, func.sum(runs.c.due_count), happened).select_from(joined).where(runs.c.due_us >= since_us)
        )
        with self._database.reading() as connection:
            rows = connection.execute(statement.group_by(*place).order_by(*place)).all()
        return tuple(Coverage(CheckId(row[0]), *row[1:]) for row in rows)

    def _fenced(
        self, holder: str, write: Callable[[Connection], None], marks: Mapping[str, object], *, is_news: bool = False
    ) -> bool:
        """Write as the leader, and leave a beat; return false, having written nothing, if another one leads."""
        led: list[int] = []

        def fenced(connection: Connection) -> None:
            mine = and_(leader.c.name == SCHEDULER, leader.c.holder == holder)
            beaten = connection.execute(update(leader).where(mine).values(beat=leader.c.beat + 1, **marks))
            led[:] = [beaten.rowcount]
            if beaten.rowcount:
                write(connection)

        self._writer.write(fenced, is_news=is_news)
        return bool(led[0])
