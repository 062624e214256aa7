"""What changed since somebody looked.

A mark is the key of the latest run, a checksum of what else pages show and people or alerts change: lasting
incidents, the latest end of one, releases, pauses, and the latest entry of the audit log; and when a load that is under
way was heard of last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from sqlalchemy import func, select

from outrider.model import CheckId, StoredChanges
from outrider.store.access_schema import audit_entries
from outrider.store.load_progress_table import load_seconds
from outrider.store.run_rows import limit_and_one
from outrider.store.schema import incidents, pauses, releases, runs, subjects

if TYPE_CHECKING:
    from sqlalchemy import Connection

_CHECKS = 200


def read_changes(connection: Connection, mark: str) -> StoredChanges:
    """Return what changed since a mark; after one that this store cannot know, anything may have."""
    latest = connection.execute(select(func.max(runs.c.key))).scalar() or 0
    others, loads = f"{_checksum(connection):08x}", connection.execute(select(func.max(load_seconds.c.at_us))).scalar()
    present = f"{latest}.{others}.{loads or 0}"
    if not mark:
        return StoredChanges(present)
    known, known_others, known_loads = [*mark.split("."), "", ""][:3]
    since = int(known) if known.isascii() and known.isdigit() else latest + 1
    if since > latest:
        return StoredChanges(present, are_all=False, others=True)
    checks = _checks_since(connection, since) if since < latest else []
    running = _loads_since(connection, int(known_loads)) if known_loads.isascii() and known_loads.isdigit() else ()
    are_all = len(checks) <= _CHECKS
    return StoredChanges(present, tuple(checks[:_CHECKS]), are_all, others != known_others, running)


def _loads_since(connection: Connection, at_us: int) -> tuple[CheckId, ...]:
    """Return the checks whose loads have a second that was written after a time."""
    named = select(load_seconds.c.check).where(load_seconds.c.at_us > at_us).distinct().limit(_CHECKS)
    return tuple(CheckId(name) for name in connection.execute(named).scalars())


def _checks_since(connection: Connection, key: int) -> list[CheckId]:
    """Return the present ids of checks that have a run after a key."""
    present = func.coalesce(subjects.c.alias_of, subjects.c.key)
    keys = select(present).join(runs, runs.c.check_key == subjects.c.key).where(runs.c.key > key).distinct()
    named = select(subjects.c.id).where(subjects.c.key.in_(keys)).limit(limit_and_one(_CHECKS))
    return [CheckId(name) for name in connection.execute(named).scalars()]


def _checksum(connection: Connection) -> int:
    lasting = select(incidents).where(incidents.c.ended_us.is_(None)).order_by(incidents.c.id)
    marks = (func.max(incidents.c.ended_us), func.max(audit_entries.c.key), func.count(releases.c.name))
    rows = [tuple(row) for row in connection.execute(lasting)]
    rows += [(connection.execute(select(mark)).scalar(),) for mark in marks]
    rows += [tuple(row) for row in connection.execute(select(pauses).order_by(pauses.c.check_id))]
    return crc32(repr(rows).encode("utf-8", "backslashreplace"))
