"""Series and their points, read."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import select

from outrider.model import Points, Series, Subject
from outrider.store.run_rows import CURRENT_ID, own_keys, with_subject
from outrider.store.schema import samples, series

if TYPE_CHECKING:
    from sqlalchemy import Connection


def read_series(connection: Connection, subject: Subject | None) -> tuple[Series, ...]:
    """Return the series of a subject, or of all, ordered by their names."""
    name = (CURRENT_ID, series.c.step, series.c.metric, series.c.environment, series.c.location)
    statement = (
        select(*name, series.c.key)
        .select_from(with_subject(series, series.c.subject_key))
        .order_by(*name, series.c.key)
    )
    if subject is not None:
        statement = statement.where(series.c.subject_key.in_(own_keys(connection, subject)))
    keys: dict[tuple[Subject, str, str, str, str], list[int]] = defaultdict(list)
    for subject_id, step, metric, environment, location, key in connection.execute(statement):
        keys[Subject(subject_id), step, metric, environment, location].append(key)
    return tuple(Series(*words, tuple(numbers)) for words, numbers in keys.items())


def read_points(
    connection: Connection, wanted: Series, *, since_us: int | None, until_us: int | None, judged_only: bool
) -> Points:
    """Return the points of a series with since_us <= at_us < until_us."""
    import numpy as np  # noqa: PLC0415 - dear, and only judges ask

    # One key by "=": SQLite would sort what "IN" finds, although it lies in order.
    key, *others = wanted.keys
    mine = samples.c.series_key.in_(wanted.keys) if others else samples.c.series_key == key
    statement = select(samples.c.at_us, samples.c.value).where(mine)
    statement = statement.order_by(samples.c.at_us, samples.c.run_key, samples.c.attempt)
    if since_us is not None:
        statement = statement.where(samples.c.at_us >= since_us)
    if until_us is not None:
        statement = statement.where(samples.c.at_us < until_us)
    if judged_only:
        statement = statement.where(samples.c.judged.is_(True))
    rows = connection.execute(statement).cursor.fetchall()  # the driver's own tuples, without SQLAlchemy's rows
    at_us = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    return Points(at_us, np.fromiter((row[1] for row in rows), np.float64, len(rows)))
