"""Series and their points, read."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from outrider.model import Points, Series, Subject
from outrider.store.joined_queries import rows_of_each
from outrider.store.queue_rows import run_bytes
from outrider.store.run_rows import CURRENT_ID, own_keys, own_keys_of, with_subject
from outrider.store.schema import samples, series, subjects

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from outrider.model import SeriesPart

_HIGHEST = 2**63 - 1
_PART = """
    SELECT {n} AS number, at_us, run_key, attempt, value FROM samples
    WHERE series_key = :series{n} AND at_us >= :since{n} AND judged
        AND (
            run_key <= coalesce((SELECT runs.key FROM runs WHERE runs.id = :run{n}), :highest{n})
            OR at_us <= (SELECT runs.due_us FROM runs WHERE runs.id = :run{n})
        )
"""


def read_series(connection: Connection, subject: Subject | None) -> tuple[Series, ...]:
    """Return the series of a subject, or of all, ordered by their names."""
    keys = None if subject is None else own_keys(connection, subject)
    return tuple(own for _, own in _series(connection, keys))


def read_series_of(connection: Connection, wanted: Collection[Subject]) -> dict[Subject, tuple[Series, ...]]:
    """Return the series of each subject, ordered by their names."""
    keys = own_keys_of(connection, wanted)
    by_owner: dict[int, list[Series]] = defaultdict(list)
    for owner, own_series in _series(connection, {key for own in keys.values() for key in own}):
        by_owner[owner].append(own_series)
    return {subject: tuple(by_owner[own[0]]) if own else () for subject, own in keys.items()}


def _series(connection: Connection, subject_keys: Collection[int] | None) -> list[tuple[int, Series]]:
    """Return series, ordered by their names, each with the key of its subject."""
    name = (CURRENT_ID, series.c.step, series.c.metric, series.c.environment, series.c.location)
    owner = func.coalesce(subjects.c.alias_of, subjects.c.key)
    statement = (
        select(owner, *name, series.c.key)
        .select_from(with_subject(series, series.c.subject_key))
        .order_by(*name, series.c.key)
    )
    if subject_keys is not None:
        statement = statement.where(series.c.subject_key.in_(subject_keys))
    keys: dict[tuple[int, tuple[Subject, str, str, str, str]], list[int]] = defaultdict(list)
    for own, subject_id, step, metric, environment, location, key in connection.execute(statement):
        keys[own, (Subject(subject_id), step, metric, environment, location)].append(key)
    return [(own, Series(*words, tuple(numbers))) for (own, words), numbers in keys.items()]


def read_points(
    connection: Connection, wanted: Series, *, since_us: int | None, until_us: int | None, judged_only: bool
) -> Points:
    """Return the points of a series with since_us <= at_us < until_us."""
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
    return _points(rows, at_us=0, value=1)


def read_parts(connection: Connection, wanted: Sequence[SeriesPart], limit: int | None) -> tuple[Points, ...] | None:
    """Return the points of each part, ordered by time; None if there are more than `limit`."""
    asked = [(number, key) for number, part in enumerate(wanted) for key in part.series.keys]
    places = [
        {
            "series": key,
            "since": wanted[number].since_us,
            "run": run_bytes(run) if (run := wanted[number].run) else None,
            "highest": _HIGHEST,
        }
        for number, key in asked
    ]
    parts: list[list[tuple[Any, ...]]] = [[] for _ in wanted]
    most = None if limit is None else limit + 1
    for (number, _), rows in zip(asked, rows_of_each(connection, _PART, places, most), strict=True):
        parts[number] += rows
    if limit is not None and sum(map(len, parts)) > limit:
        return None
    return tuple(_points(sorted(rows), at_us=0, value=3) for rows in parts)


def _points(rows: Sequence[tuple[Any, ...]], *, at_us: int, value: int) -> Points:
    """Return points of rows, from their columns of these numbers."""
    import numpy as np  # noqa: PLC0415 - dear, and only judges ask

    times = np.fromiter((row[at_us] for row in rows), np.int64, len(rows))
    return Points(times, np.fromiter((row[value] for row in rows), np.float64, len(rows)))
