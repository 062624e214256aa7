"""Locations in a database: their workers, the orders that these have, and results that are not stored as runs yet."""

from __future__ import annotations

from contextlib import suppress
from itertools import accumulate
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, exists, func, insert, or_, select, update

from outrider.model import (
    ALIVE_US,
    AWAITED_US,
    BROKER,
    LEASE_US,
    REMEMBERED_US,
    DeliveredResult,
    LeasedEntry,
    LocationLog,
    LocationWorker,
    RunId,
    SilentOrder,
    Verdict,
)
from outrider.store.location_schema import location_results, location_workers, locations, upload_parts
from outrider.store.queue_rows import entry_of, run_bytes
from outrider.store.schema import queue, runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection

    from outrider.model import HeldRun, QueueEntry, WorkerReport
    from outrider.store.database import Database
    from outrider.store.run_writer import Writer

_ENDED = ""
"""The worker of an order whose result comes too late."""

_STALE_US = 86_400_000_000

_UNDELIVERED = ~exists().where(location_results.c.run_id == queue.c.run_id)


class _Unchanged(Exception):
    """Nothing is to be written."""


class LocationTable(LocationLog):
    """Locations, in a database."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._write = writer.write

    def add(self, location: str, at_us: int) -> bool:
        def write(connection: Connection) -> None:
            if connection.execute(select(locations).where(locations.c.name == location)).one_or_none():
                raise _Unchanged
            connection.execute(insert(locations), {"name": location, "added_us": at_us})

        return self._is_written(write)

    def remove(self, location: str) -> bool:
        def write(connection: Connection) -> None:
            if not connection.execute(delete(locations).where(locations.c.name == location)).rowcount:
                raise _Unchanged
            connection.execute(delete(location_workers).where(location_workers.c.location == location))
            given = (queue.c.location == location) & _UNDELIVERED
            connection.execute(update(queue).where(given).values(worker=None, lease=queue.c.lease + 1))

        return self._is_written(write)

    def names(self) -> tuple[str, ...]:
        with self._database.reading() as connection:
            return tuple(connection.execute(select(locations.c.name).order_by(locations.c.name)).scalars())

    def report(self, location: str, report: WorkerReport, at_us: int) -> str:
        same = (location_workers.c.location == location) & (location_workers.c.name == report.name)
        values = {
            "instance": report.instance, "version": report.version, "seen_us": at_us,
            "clock_offset_us": report.clock_offset_us, "held": len(report.held),
        }  # fmt: skip

        def write(connection: Connection) -> str:
            known = connection.execute(select(location_workers).where(same)).one_or_none()
            if known is not None and known.instance != report.instance and at_us - known.seen_us <= ALIVE_US:
                raise _Unchanged(known.instance)
            if known is None:  # a host's name may be new with each start
                of_long_ago = location_workers.c.seen_us < at_us - REMEMBERED_US
                here = location_workers.c.location == location
                connection.execute(delete(location_workers).where(here & of_long_ago))
                connection.execute(insert(location_workers), {"location": location, "name": report.name, **values})
            else:
                connection.execute(update(location_workers).where(same).values(**values))
            _renew(connection, location, report, at_us)
            return ""

        try:
            return self._write(write)
        except _Unchanged as unchanged:
            return str(unchanged.args[0])

    def leased(self, worker: str, held: Sequence[HeldRun]) -> frozenset[RunId]:
        named = {(run_bytes(own.run), own.lease): own.run for own in held}
        wanted = (queue.c.worker == worker) & queue.c.run_id.in_([key for key, _ in named])
        with self._database.reading() as connection:
            rows = connection.execute(select(queue.c.run_id, queue.c.lease).where(wanted))
            return frozenset(named[key] for row in rows if (key := (bytes(row.run_id), row.lease)) in named)

    def waiting(self, location: str, at_us: int) -> tuple[QueueEntry, ...]:
        statement = select(queue).where((queue.c.location == location) & _is_free(at_us))
        with self._database.reading() as connection:
            rows = connection.execute(statement.order_by(queue.c.priority.desc(), queue.c.due_us))
            return tuple(entry_of(row) for row in rows)

    def waiting_places(self, at_us: int) -> frozenset[str]:
        ours = queue.c.location.in_(select(locations.c.name))
        with self._database.reading() as connection:
            return frozenset(connection.execute(select(queue.c.location).where(ours & _is_free(at_us))).scalars())

    def lease(self, location: str, worker: str, runs: Sequence[RunId], at_us: int) -> tuple[LeasedEntry, ...]:
        wanted = queue.c.run_id.in_([run_bytes(run) for run in runs]) & (queue.c.location == location)

        def write(connection: Connection) -> tuple[LeasedEntry, ...]:
            rows = connection.execute(select(queue).where(wanted & _is_free(at_us))).all()
            if not rows:
                raise _Unchanged
            taken = queue.c.run_id.in_([row.run_id for row in rows])
            values = {"worker": worker, "lease": queue.c.lease + 1, "lease_until_us": at_us + LEASE_US}
            connection.execute(update(queue).where(taken).values(**values))
            leased = {entry_of(row).run: LeasedEntry(entry_of(row), row.lease + 1) for row in rows}
            return tuple(leased[run] for run in runs if run in leased)

        try:
            return self._write(write) if runs else ()
        except _Unchanged:
            return ()

    def published(self, location: str, at_us: int) -> tuple[QueueEntry, ...]:
        waits = (queue.c.worker == BROKER) & (queue.c.lease_until_us > at_us)
        with self._database.reading() as connection:
            rows = connection.execute(select(queue).where((queue.c.location == location) & waits))
            return tuple(entry_of(row) for row in rows)

    def deliver(self, results: Sequence[DeliveredResult]) -> tuple[Verdict, ...]:
        keys = [run_bytes(result.run) for result in results]

        def write(connection: Connection) -> tuple[Verdict, ...]:
            rows = connection.execute(select(queue).where(queue.c.run_id.in_(keys)))
            orders = {bytes(row.run_id): row for row in rows}
            kept = _among(connection, location_results.c.run_id, keys)
            stored = _among(connection, runs.c.id, keys)
            verdicts = []
            for key, result in zip(keys, results, strict=True):
                verdicts.append(verdict := _verdict(orders.get(key), result, is_stored=key in stored))
                if verdict is not Verdict.TAKEN:
                    _count_duplicate(connection, result)
                elif key not in kept:
                    kept.add(key)
                    row = {"run_id": key, "location": result.location, "worker": result.worker, "lease": result.lease}
                    row |= {"received_us": result.received_us, "body": result.body}
                    connection.execute(insert(location_results), row)
            return tuple(verdicts)

        return self._write(write) if results else ()

    def ordered(self, location: str, runs: Sequence[RunId]) -> tuple[QueueEntry, ...]:
        wanted = queue.c.run_id.in_([run_bytes(run) for run in runs]) & (queue.c.location == location)
        with self._database.reading() as connection:
            return tuple(entry_of(row) for row in connection.execute(select(queue).where(wanted)))

    def delivered(self, limit: int = 500, most_bytes: int = 64 << 20) -> tuple[DeliveredResult, ...]:
        columns = location_results.c
        sizes = select(columns.run_id, func.length(columns.body)).order_by(columns.received_us, columns.run_id)
        with self._database.reading() as connection:
            oldest = connection.execute(sizes.limit(limit)).all()
            sums = accumulate(size for _, size in oldest)
            chosen = [key for (key, size), total in zip(oldest, sums, strict=True) if total <= max(most_bytes, size)]
            statement = select(location_results).where(columns.run_id.in_(chosen))
            statement = statement.order_by(columns.received_us, columns.run_id)
            return tuple(
                DeliveredResult(_run(row.run_id), row.location, row.worker, row.lease, row.received_us, bytes(row.body))
                for row in connection.execute(statement)
            )

    def close(self, runs: Sequence[RunId], at_us: int) -> tuple[tuple[SilentOrder, ...], tuple[SilentOrder, ...]]:
        wanted = queue.c.run_id.in_([run_bytes(run) for run in runs]) & _UNDELIVERED
        names = {worker.instance: worker.name for worker in self.workers()} | {BROKER: ""}

        def write(connection: Connection) -> tuple[tuple[SilentOrder, ...], tuple[SilentOrder, ...]]:
            rows = connection.execute(select(queue).where(wanted & _has_no_lease(at_us, ended=True))).all()
            taken = [row for row in rows if row.worker not in {None, _ENDED, BROKER}]
            silent = [row for row in taken if at_us - row.lease_until_us <= AWAITED_US]
            over = [row for row in rows if row not in silent]
            ended = queue.c.run_id.in_([row.run_id for row in over])
            connection.execute(update(queue).where(ended).values(worker=_ENDED))
            return _silent_orders(over, names), _silent_orders(silent, names)

        return self._write(write)

    def uploaded(self, upload: str) -> int:
        with self._database.reading() as connection:
            return _uploaded(connection, upload)

    def add_part(self, upload: str, begins: int, body: bytes, at_us: int) -> int:
        def write(connection: Connection) -> int:
            come = _uploaded(connection, upload)
            if begins != come:
                raise _Unchanged(come)
            if not come:
                latest = select(upload_parts.c.upload).group_by(upload_parts.c.upload)
                stale = latest.having(func.max(upload_parts.c.received_us) < at_us - _STALE_US)
                connection.execute(delete(upload_parts).where(upload_parts.c.upload.in_(stale)))
            row = {"upload": upload, "begins": begins, "received_us": at_us, "body": body}
            connection.execute(insert(upload_parts), row)
            return begins + len(body)

        try:
            return self._write(write)
        except _Unchanged as unchanged:
            return int(unchanged.args[0])

    def upload_content(self, upload: str) -> Iterator[bytes]:
        own = upload_parts.c.upload == upload
        with self._database.reading() as connection:
            begins = connection.execute(select(upload_parts.c.begins).where(own).order_by(upload_parts.c.begins))
            for at in begins.scalars().all():
                part = select(upload_parts.c.body).where(own & (upload_parts.c.begins == at))
                yield bytes(connection.execute(part).scalar_one())

    def end_upload(self, upload: str) -> None:
        self._write(lambda connection: connection.execute(delete(upload_parts).where(upload_parts.c.upload == upload)))

    def workers(self) -> tuple[LocationWorker, ...]:
        columns = location_workers.c
        with self._database.reading() as connection:
            rows = connection.execute(select(location_workers).order_by(columns.location, columns.name)).all()
        return tuple(
            LocationWorker(
                row.location, row.name, row.instance, row.version, row.seen_us, row.clock_offset_us, row.held,
                row.duplicates,
            )
            for row in rows
        )  # fmt: skip

    def _is_written(self, write: object) -> bool:
        with suppress(_Unchanged):
            self._write(write)  # type: ignore[arg-type]
            return True
        return False


def _uploaded(connection: Connection, upload: str) -> int:
    ends = upload_parts.c.begins + func.length(upload_parts.c.body)
    return connection.execute(select(func.max(ends)).where(upload_parts.c.upload == upload)).scalar_one() or 0


def _has_no_lease(at_us: int, *, ended: bool = False) -> ColumnElement[bool]:
    expired = queue.c.lease_until_us <= at_us
    if not ended:
        expired &= queue.c.worker != _ENDED
    return or_(queue.c.worker.is_(None), expired)


def _is_free(at_us: int) -> ColumnElement[bool]:
    """Return whether a worker may be given an order: nobody has it, and there is no result."""
    return queue.c.leased_by.is_(None) & _has_no_lease(at_us) & _UNDELIVERED


def _renew(connection: Connection, location: str, report: WorkerReport, at_us: int) -> None:
    """Extend the leases that a worker names, from a broker too, and end those that it gives back, or has lost."""
    its = queue.c.worker == report.instance
    if report.is_fresh:
        kept = [run_bytes(held.run) for held in report.held]
        connection.execute(update(queue).where(its & queue.c.run_id.not_in(kept)).values(lease_until_us=at_us))
    brokers = (queue.c.location == location) & (queue.c.worker == BROKER)
    for values, named, whose in (
        ({"worker": report.instance, "lease_until_us": at_us + LEASE_US}, report.held, its | brokers),
        ({"lease_until_us": at_us}, report.returned, its),
    ):
        by_lease: dict[int, list[bytes]] = {}
        for held in named:
            by_lease.setdefault(held.lease, []).append(run_bytes(held.run))
        for lease, keys in by_lease.items():
            mine = whose & (queue.c.lease == lease) & queue.c.run_id.in_(keys)
            connection.execute(update(queue).where(mine).values(**values))


def _among(connection: Connection, column: ColumnElement[bytes], keys: Sequence[bytes]) -> set[bytes]:
    """Return those of some keys that a column has."""
    return {bytes(key) for key in connection.execute(select(column).where(column.in_(keys))).scalars()}


def _verdict(order: Any, result: DeliveredResult, *, is_stored: bool) -> Verdict:
    """Return what becomes of a result, given the row of its order, if there is one still."""
    is_known = order is not None and order.location == result.location
    if is_known and order.lease == result.lease and order.worker != _ENDED:
        return Verdict.TAKEN
    return Verdict.DUPLICATE if is_known or is_stored else Verdict.UNKNOWN


def _count_duplicate(connection: Connection, result: DeliveredResult) -> None:
    """Count a result that says nothing new with its worker."""
    its = (location_workers.c.location == result.location) & (location_workers.c.instance == result.worker)
    connection.execute(update(location_workers).where(its).values(duplicates=location_workers.c.duplicates + 1))


def _silent_orders(rows: Sequence[object], names: dict[str, str]) -> tuple[SilentOrder, ...]:
    return tuple(
        SilentOrder(_run(row.run_id), names.get(row.worker or "", row.worker or ""))  # type: ignore[attr-defined]
        for row in rows
    )


def _run(key: bytes) -> RunId:
    return RunId(str(UUID(bytes=bytes(key))))
