"""The calls that heartbeats wait for, which of them a run has seen, and when anybody listened.

A run has seen the calls up to a number. That counts from the moment on at which the run is stored: a look notes the
number with the run's id, and the next look asks whether that run is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, delete, func, insert, or_, select, update

from outrider.model import Beat, Beats, CallKind, bounded
from outrider.store.key_cache import insert_subject, subject_key
from outrider.store.queue_rows import run_bytes
from outrider.store.schema import beat_calls, beat_looks, listening, runs, subjects
from outrider.store.text_limits import ATTRIBUTE_CHARACTERS, MESSAGE_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from outrider.model import CheckId, RunId

KEPT = 100
"""Calls of a check of each sort: starts, successes, failures and logs."""

_SPANS = 100


class _Look(NamedTuple):
    """Up to which call all were seen by runs that are stored, and up to which by one that may be."""

    run: bytes
    seen: int
    upto: int


def write_beat(connection: Connection, check: CheckId, beat: Beat) -> None:
    """Keep a call, and forget those of its sort that are too many."""
    key = subject_key(connection, check) or insert_subject(connection, check, beat.at_us)
    duration_us = _duration_us(_calls(connection, key), beat)
    connection.execute(
        insert(beat_calls),
        {
            "check_key": key, "at_us": beat.at_us, "kind": beat.kind.value, "exit_code": beat.exit_code,
            "note": bounded(beat.note, MESSAGE_CHARACTERS), "run": bounded(beat.run, ATTRIBUTE_CHARACTERS),
            "duration_us": duration_us,
        },
    )  # fmt: skip
    is_failure = (beat_calls.c.exit_code != 0) == bool(beat.exit_code)
    sort = and_(beat_calls.c.check_key == key, beat_calls.c.kind == beat.kind.value, is_failure)
    oldest = select(beat_calls.c.number).where(sort).order_by(beat_calls.c.number.desc()).offset(KEPT).limit(1)
    number = connection.execute(oldest).scalar_one_or_none()
    if number is not None:
        connection.execute(delete(beat_calls).where(sort, beat_calls.c.number <= number))


def read_beats(connection: Connection, check: CheckId, run: RunId | None = None) -> Beats:
    """Return what is known of the calls for a check; what was of its earlier names is its own.

    Args:
        connection: To the database.
        check: Whose calls.
        run: That it is read for, as an earlier look may have been.
    """
    key = subject_key(connection, check)
    spans = _spans(connection)
    if key is None:
        return Beats(None, None, listening=spans)
    own = or_(subjects.c.key == key, subjects.c.alias_of == key)
    since = connection.execute(select(func.min(subjects.c.first_seen_us)).where(own)).scalar_one()
    calls = _calls(connection, key)
    seen = _seen(connection, _look(connection, key), run)
    ends = [call for call in calls if call.kind == CallKind.END]
    return Beats(
        since_us=since,
        last=max((_beat(call) for call in ends), key=lambda beat: beat.at_us, default=None),
        started=_open_start(calls),
        unseen=tuple(_beat(call) for call in ends if call.number > seen),
        listening=spans,
    )


def note_look(connection: Connection, check: CheckId, run: RunId) -> Beats:
    """Return what is known of the calls for a check, and note that a run has seen it."""
    beats = read_beats(connection, check, run)
    key, look = _next_look(connection, check, run)
    if look is not None:
        _write_look(connection, key, look)
    return beats


def is_noted(connection: Connection, check: CheckId, run: RunId) -> bool:
    """Return whether there is nothing to note of a run's look."""
    return _next_look(connection, check, run)[1] is None


def _next_look(connection: Connection, check: CheckId, run: RunId) -> tuple[int, _Look | None]:
    key = subject_key(connection, check)
    if key is None:
        return 0, None
    look = _look(connection, key)
    seen = _seen(connection, look, run)
    upto = max((call.number for call in _calls(connection, key)), default=0)
    following = _Look(run_bytes(run), seen, upto)
    same = (seen, upto) == (look.seen, look.upto) and (seen == upto or look.run == following.run)
    return key, None if same else following


def write_listened(connection: Connection, at_us: int, tolerated_us: int) -> None:
    """Note that calls are answered now, as a part of the latest span or as the beginning of one."""
    latest = connection.execute(select(listening).order_by(listening.c.from_us.desc()).limit(1)).one_or_none()
    if latest is not None and at_us - latest.until_us <= tolerated_us:
        until_us = max(at_us, latest.until_us)  # the clock may have been set back
        connection.execute(update(listening).where(listening.c.from_us == latest.from_us).values(until_us=until_us))
        return
    connection.execute(insert(listening), {"from_us": at_us, "until_us": at_us})
    oldest = select(listening.c.from_us).order_by(listening.c.from_us.desc()).offset(_SPANS).limit(1)
    from_us = connection.execute(oldest).scalar_one_or_none()
    if from_us is not None:
        connection.execute(delete(listening).where(listening.c.from_us <= from_us))


def _calls(connection: Connection, key: int) -> Sequence[Row[Any]]:
    """Return the calls for a check and for what it was called before, in the order in which they were kept."""
    own = or_(subjects.c.key == key, subjects.c.alias_of == key)
    statement = select(beat_calls).join(subjects, beat_calls.c.check_key == subjects.c.key).where(own)
    return connection.execute(statement.order_by(beat_calls.c.number)).all()


def _beat(call: Row[Any]) -> Beat:
    return Beat(call.at_us, call.exit_code, call.note, CallKind(call.kind), call.run, call.duration_us)


def _duration_us(calls: Sequence[Row[Any]], beat: Beat) -> int | None:
    """Return how long the run of a job took that ends: since the last start of it that has no end yet."""
    if beat.kind != CallKind.END:
        return None
    for call in reversed(calls):
        if call.run == beat.run and call.kind == CallKind.START:
            return max(0, beat.at_us - int(call.at_us))
        if call.run == beat.run and call.kind == CallKind.END:
            return None
    return None


def _open_start(calls: Sequence[Row[Any]]) -> Beat | None:
    """Return the last start that no end follows: one of its run, one that names no run, or a failure."""
    ended: set[str] = set()
    for call in reversed(calls):
        if call.kind == CallKind.START:
            return None if call.run in ended else _beat(call)
        if call.kind == CallKind.END:
            if not call.run or call.exit_code:
                return None
            ended.add(call.run)
    return None


def _look(connection: Connection, key: int) -> _Look:
    row = connection.execute(select(beat_looks).where(beat_looks.c.check_key == key)).one_or_none()
    return _Look(b"", 0, 0) if row is None else _Look(bytes(row.run_id), row.seen, row.upto)


def _write_look(connection: Connection, key: int, look: _Look) -> None:
    row = {"run_id": look.run, "seen": look.seen, "upto": look.upto}
    if not connection.execute(update(beat_looks).where(beat_looks.c.check_key == key).values(**row)).rowcount:
        connection.execute(insert(beat_looks), {"check_key": key, **row})


def _seen(connection: Connection, look: _Look, run: RunId | None) -> int:
    """Return up to which call all were seen by runs that are stored; what `run` sees now does not count."""
    if not look.run or (run is not None and look.run == run_bytes(run)):
        return look.seen
    is_stored = connection.execute(select(runs.c.key).where(runs.c.id == look.run)).one_or_none() is not None
    return look.upto if is_stored else look.seen


def _spans(connection: Connection) -> tuple[tuple[int, int], ...]:
    statement = select(listening).order_by(listening.c.from_us)
    return tuple((row.from_us, row.until_us) for row in connection.execute(statement))
