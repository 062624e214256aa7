"""Renaming a check: the old id becomes an alias of the new one, whichever of them has history.

No run moves. Everything is kept under the check that it was recorded for, and read under the one that this is an alias
of; so a renaming is a single row, at any size, and can be taken back by renaming the other way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, update

from outrider.model import identity
from outrider.store.key_cache import insert_subject, raise_generation
from outrider.store.schema import subjects

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from outrider.model import CheckId


def rename(connection: Connection, old: CheckId, new: CheckId, at_us: int) -> None:
    """Make `old`, and what was an alias of it, an alias of `new`; doing it again changes nothing."""
    source, target = _own(connection, old, at_us), _own(connection, new, at_us)
    goal = target.key if target.alias_of in {None, source.key} else target.alias_of
    if source.key == target.key or source.alias_of == goal:
        return
    moved = or_(subjects.c.key == source.key, subjects.c.alias_of == source.key)
    connection.execute(update(subjects).where(moved).values(alias_of=goal))
    connection.execute(update(subjects).where(subjects.c.key == goal).values(alias_of=None))
    raise_generation(connection)


def _own(connection: Connection, check: CheckId, at_us: int) -> Row[Any, Any]:
    """Return the check's own row, alias or not, inserted if there was none."""
    statement = select(subjects.c.key, subjects.c.alias_of).where(subjects.c.id == identity(check))
    if connection.execute(statement).one_or_none() is None:
        insert_subject(connection, check, at_us)
    return connection.execute(statement).one()
