"""The queue of due runs: rows written and read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete, insert, select

from outrider.model import CheckId, QueueEntry, RunId
from outrider.store.location_schema import location_results
from outrider.store.schema import queue, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

_MOST_AT_ONCE = 500


def add(connection: Connection, entries: Sequence[QueueEntry]) -> None:
    """Put runs into the queue that are neither there nor stored."""
    for start in range(0, len(entries), _MOST_AT_ONCE):
        some = {run_bytes(entry.run): entry for entry in entries[start : start + _MOST_AT_ONCE]}
        known = set(connection.execute(select(queue.c.run_id).where(queue.c.run_id.in_(some))).scalars())
        known |= set(connection.execute(select(runs.c.id).where(runs.c.id.in_(some))).scalars())
        rows = [
            {"run_id": key, "check_id": entry.check, "location": entry.location, "due_us": entry.due_us}
            | {"priority": entry.priority, "origin": entry.origin}
            for key, entry in some.items()
            if key not in known
        ]
        if rows:
            connection.execute(insert(queue), rows)


def remove(connection: Connection, ids: Sequence[bytes]) -> None:
    """Take runs out of the queue that are stored, with the results that they were made of."""
    for start in range(0, len(ids), _MOST_AT_ONCE):
        some = ids[start : start + _MOST_AT_ONCE]
        connection.execute(delete(queue).where(queue.c.run_id.in_(some)))
        connection.execute(delete(location_results).where(location_results.c.run_id.in_(some)))


def entry_of(row: object) -> QueueEntry:
    """Return an entry from a row of the queue."""
    columns = row._mapping  # type: ignore[attr-defined]
    run = RunId(str(UUID(bytes=bytes(columns["run_id"]))))
    check = CheckId(columns["check_id"])
    return QueueEntry(run, check, columns["location"], columns["due_us"], columns["priority"], columns["origin"])


def run_bytes(run: RunId) -> bytes:
    """Return a run's id as it is stored."""
    return bytes.fromhex(run.replace("-", ""))
