"""The calls that heartbeats wait for: of each check the last one is kept, since only silence counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, insert, or_, select, update

from outrider.model import Beat, Beats, bounded
from outrider.store.key_cache import insert_subject, subject_key
from outrider.store.schema import beats, subjects
from outrider.store.text_limits import REASON_CHARACTERS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from outrider.model import CheckId


def write_beat(connection: Connection, check: CheckId, beat: Beat) -> None:
    """Keep a call, unless a later one is known."""
    key = subject_key(connection, check) or insert_subject(connection, check, beat.at_us)
    row = {"at_us": beat.at_us, "exit_code": beat.exit_code, "note": bounded(beat.note, REASON_CHARACTERS)}
    last = connection.execute(select(beats.c.at_us).where(beats.c.check_key == key)).scalar_one_or_none()
    if last is None:
        connection.execute(insert(beats), {"check_key": key, **row})
    elif last <= beat.at_us:
        connection.execute(update(beats).where(beats.c.check_key == key).values(**row))


def read_beats(connection: Connection, check: CheckId) -> Beats:
    """Return since when a check is known, and its last call; what was of its earlier names is its own."""
    key = subject_key(connection, check)
    if key is None:
        return Beats(None, None)
    own = or_(subjects.c.key == key, subjects.c.alias_of == key)
    since = connection.execute(select(func.min(subjects.c.first_seen_us)).where(own)).scalar_one()
    calls = select(beats).join(subjects, beats.c.check_key == subjects.c.key).where(own).order_by(beats.c.at_us.desc())
    last = connection.execute(calls.limit(1)).one_or_none()
    return Beats(since, None if last is None else Beat(last.at_us, last.exit_code, last.note))
