"""Which series have aggregates that are not judged yet: noted with them, and struck off once they are judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, insert, select, update

from outrider.model import CHECK_KINDS, LASTING, SERVICE_METRICS, Series, Subject, SubjectKind, UnjudgedSeries
from outrider.store.run_rows import CURRENT_ID, with_subject
from outrider.store.schema import series, unjudged_series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from outrider.model import AggregateSample

_OWN = unjudged_series.c
_NOTE_AGAIN = update(unjudged_series).where(_OWN.series_key == bindparam("key")).values(writes=_OWN.writes + 1)
_STRIKE_OFF = delete(unjudged_series).where(
    and_(_OWN.series_key == bindparam("key"), _OWN.writes == bindparam("read_writes"))
)


def is_judged(sample: AggregateSample) -> bool:
    """Whether an aggregate is judged by itself; those of a check are judged with its runs."""
    kind = sample.subject.kind
    if kind in {SubjectKind.SERVICE, SubjectKind.PAGE}:
        return sample.metric in SERVICE_METRICS
    if kind is SubjectKind.RULE:
        return True
    return sample.metric in LASTING and kind is not None and kind not in CHECK_KINDS


def note_unjudged(connection: Connection, stored: Sequence[tuple[int, int]]) -> None:
    """Note the series of stored aggregates (series' key, time) that are to be judged."""
    first_us = dict(sorted(stored, reverse=True))
    for key, at_us in first_us.items():
        if not connection.execute(_NOTE_AGAIN, {"key": key}).rowcount:
            connection.execute(insert(unjudged_series), {"series_key": key, "since_us": at_us, "writes": 1})


def read_unjudged(connection: Connection, limit: int) -> tuple[UnjudgedSeries, ...]:
    """Return unjudged series, those with the oldest aggregates first."""
    statement = (
        select(CURRENT_ID, series.c.step, series.c.metric, series.c.environment, series.c.location, series.c.key)
        .add_columns(_OWN.writes)
        .select_from(with_subject(series, series.c.subject_key).join(unjudged_series, _OWN.series_key == series.c.key))
        .order_by(_OWN.since_us, _OWN.series_key)
        .limit(limit)
    )
    return tuple(
        UnjudgedSeries(Series(Subject(subject), step, metric, environment, location, (key,)), writes)
        for subject, step, metric, environment, location, key, writes in connection.execute(statement)
    )


def delete_unjudged(connection: Connection, judged: Sequence[UnjudgedSeries]) -> None:
    """Strike off series, but for those that got aggregates since they were read."""
    rows = [{"key": unjudged.series.keys[0], "read_writes": unjudged.writes} for unjudged in judged]
    connection.execute(_STRIKE_OFF, rows)
