"""The past of series: judged samples one by one as far as they are wanted exactly and kept, and rollups before."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from outrider.model import LASTING, Points
from outrider.store.histogram_codec import unpack_values
from outrider.store.key_cache import read_mark
from outrider.store.rollup_job import HOURS_DONE, HOURS_KEPT, LASTING_KEPT, SAMPLES_KEPT
from outrider.store.rollups import DAY_HOURS, HOUR_US, Span, hour_of
from outrider.store.schema import days, hours, samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy import Connection, Table

    from outrider.model import Series


class _Columns(NamedTuple):
    """Points of many series, by the key of their series and then by time."""

    key: NDArray[np.int64]
    at_us: NDArray[np.int64]
    value: NDArray[np.float64]

    def of(self, key: int) -> Points:
        first, end = self.key.searchsorted([key, key + 1])
        return Points(self.at_us[first:end], self.value[first:end])


def read_past(
    connection: Connection, wanted: Sequence[Series], since_us: int, until_us: int, exact_from_us: int
) -> tuple[Points, ...]:
    """Return the points of each series with since_us <= at_us < until_us, ordered by time.

    Before `exact_from_us`, and wherever samples were deleted, they come from rollups: as many values, each within 1 %,
    at the beginning of their hour, or of their UTC day where hours were deleted too.
    """
    keys = sorted({key for series in wanted for key in series.keys})
    hours_from = read_mark(connection, HOURS_KEPT) * DAY_HOURS
    rolled_to = min(read_mark(connection, HOURS_DONE), max(hour_of(exact_from_us), _kept_from(connection, wanted)))
    begin = hour_of(since_us)
    parts = (
        _rolled(connection, days, keys, Span(begin // DAY_HOURS, min(hours_from, rolled_to) // DAY_HOURS)),
        _rolled(connection, hours, keys, Span(max(begin, hours_from), min(rolled_to, -(-until_us // HOUR_US)))),
        _exact(connection, keys, max(since_us, rolled_to * HOUR_US), until_us),
    )
    return tuple(_joined([part.of(key) for key in series.keys for part in parts]) for series in wanted)


def _kept_from(connection: Connection, wanted: Sequence[Series]) -> int:
    """Return from which hour on no sample of these series was deleted."""
    lasting = all(series.metric in LASTING for series in wanted) and read_mark(connection, LASTING_KEPT)
    return lasting or read_mark(connection, SAMPLES_KEPT)


def _joined(parts: Sequence[Points]) -> Points:
    import numpy as np  # noqa: PLC0415 - dear, and only judges ask

    filled = [part for part in parts if len(part.at_us)]
    if len(filled) < 2:
        return filled[0] if filled else parts[0]
    at_us, value = (np.concatenate(columns) for columns in zip(*filled, strict=True))
    order = np.argsort(at_us, kind="stable")
    return Points(at_us[order], value[order])


def _exact(connection: Connection, keys: Sequence[int], since_us: int, until_us: int) -> _Columns:
    own = samples.c
    mine = (own.series_key.in_(keys), own.at_us >= since_us, own.at_us < until_us, own.judged.is_(True))
    order = (own.series_key, own.at_us, own.run_key, own.attempt)
    statement = select(own.series_key, own.at_us, own.value).where(*mine).order_by(*order)
    rows = connection.execute(statement).cursor.fetchall()  # the driver's own tuples, without SQLAlchemy's rows
    return _Columns(_whole(rows, 0), _whole(rows, 1), _numbers(rows, 2))


def _rolled(connection: Connection, table: Table, keys: Sequence[int], span: Span) -> _Columns:
    own = table.c
    mine = (own.series_key.in_(keys), own.number >= span.first, own.number < span.end)
    statement = select(own.series_key, own.number, own.count, own.histogram).where(*mine)
    ordered = statement.order_by(own.series_key, own.number)
    rows = connection.execute(ordered).cursor.fetchall() if span.first < span.end else []
    width_us = HOUR_US if table is hours else DAY_HOURS * HOUR_US
    counts = _whole(rows, 2)
    values = unpack_values([row[3] for row in rows])
    return _Columns(_whole(rows, 0).repeat(counts), (_whole(rows, 1) * width_us).repeat(counts), values)


def _whole(rows: Sequence[tuple[int, ...]], place: int) -> NDArray[np.int64]:
    import numpy as np  # noqa: PLC0415 - as above

    return np.fromiter(map(itemgetter(place), rows), np.int64, len(rows))


def _numbers(rows: Sequence[tuple[float, ...]], place: int) -> NDArray[np.float64]:
    import numpy as np  # noqa: PLC0415 - as above

    return np.fromiter(map(itemgetter(place), rows), np.float64, len(rows))
