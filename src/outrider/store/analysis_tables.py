"""Stored rows as columns, read page by page: each page continues behind the last row of the one before."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select, tuple_

from outrider.model import Subject, TableReader
from outrider.store.run_rows import CURRENT_ID, matching_checks, with_subject
from outrider.store.schema import attempt_steps, attempts, circumstances, runs, samples, steps
from outrider.store.series_rows import read_series

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Join, Select

    from outrider.model import Selection, Series
    from outrider.store.database import Database

    Batch = Mapping[str, Sequence[object]]

_PLACE = (circumstances.c.environment, circumstances.c.location, circumstances.c.release)
_PLACES = ("environment", "location", "release")


class AnalysisTable(TableReader):
    """Samples, runs and steps of a database, in batches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def samples(self, selection: Selection, batch_rows: int) -> Iterator[Batch]:
        for series in self.series(selection):
            after: tuple[int, int, int] | None = None
            while rows := self._page(_samples(series, selection, after), batch_rows):
                yield _sample_columns(series, rows)
                after = (rows[-1].at_us, rows[-1].run_key, rows[-1].attempt)

    def runs(self, selection: Selection, batch_rows: int) -> Iterator[Batch]:
        after: tuple[int, int] | None = None
        while rows := self._page(_runs(selection, after), batch_rows, selection):
            yield _run_columns(rows)
            after = (rows[-1].due_us, rows[-1].key)

    def steps(self, selection: Selection, batch_rows: int) -> Iterator[Batch]:
        after: tuple[int, int, int, int] | None = None
        while rows := self._page(_steps(selection, after), batch_rows, selection):
            yield _step_columns(rows)
            last = rows[-1]
            after = (last.due_us, last.key, last.attempt, last.ordinal)

    def series(self, selection: Selection) -> list[Series]:
        """Return the series that fit; a pattern without wildcards may be a former id."""
        literal = selection.pattern.replace("[", "[[]")
        is_name = not set("*?") & set(selection.pattern)
        with self._database.reading() as connection:
            candidates = read_series(connection, Subject(selection.pattern) if is_name else None)
        return [
            series
            for series in candidates
            if (is_name or fnmatchcase(series.subject, literal)) and _fits(series, selection)
        ]

    def _page(self, statement: Select[Any], batch_rows: int, selection: Selection | None = None) -> Sequence[Any]:
        with self._database.reading() as connection:
            if selection is not None and selection.pattern != "*":
                statement = statement.where(runs.c.check_key.in_(matching_checks(connection, selection.pattern)))
            return connection.execute(statement.limit(batch_rows)).all()


def _fits(series: Series, selection: Selection) -> bool:
    return (
        selection.metric in {"", series.metric}
        and selection.step in {None, series.step}
        and selection.environment in {None, series.environment}
        and selection.location in {None, series.location}
    )


def _samples(series: Series, selection: Selection, after: tuple[int, int, int] | None) -> Select[Any]:
    own = samples.c
    joined = samples.outerjoin(runs, runs.c.key == own.run_key)
    joined = joined.outerjoin(circumstances, circumstances.c.key == runs.c.circumstances_key)
    order = (own.at_us, own.run_key, own.attempt)
    columns = (*order, own.value, runs.c.id, circumstances.c.release)
    statement = (
        select(*columns).select_from(joined).where(own.series_key.in_(series.keys), *_within(own.at_us, selection))
    )
    if selection.judged_only:
        statement = statement.where(own.judged.is_(True))
    return _behind(statement, order, after)


def _runs(selection: Selection, after: tuple[int, int] | None) -> Select[Any]:
    columns = (
        runs.c.key, runs.c.id, CURRENT_ID.label("check"), runs.c.due_us, runs.c.started_us, runs.c.finished_us,
        runs.c.outcome, runs.c.reason, runs.c.due_count, *_PLACE, circumstances.c.browser, circumstances.c.host,
    )  # fmt: skip
    return _behind(_of_runs(select(*columns), _joined_runs(), selection), (runs.c.due_us, runs.c.key), after)


def _steps(selection: Selection, after: tuple[int, int, int, int] | None) -> Select[Any]:
    own = attempt_steps.c
    columns = (
        runs.c.key, runs.c.id, CURRENT_ID.label("check"), runs.c.due_us, *_PLACE, own.attempt, own.ordinal,
        attempts.c.measured, steps.c.step, steps.c.title, steps.c.parent, own.offset_us, own.duration_us, own.error,
    )  # fmt: skip
    same_attempt = (attempts.c.run_key == own.run_key) & (attempts.c.number == own.attempt)
    joined = _joined_runs().join(attempt_steps, own.run_key == runs.c.key)
    joined = joined.join(attempts, same_attempt).join(steps, steps.c.key == own.step_key)
    statement = _of_runs(select(*columns), joined, selection)
    if selection.step is not None:
        statement = statement.where(steps.c.step == selection.step)
    if selection.judged_only:
        statement = statement.where(attempts.c.measured.is_(True))
    return _behind(statement, (runs.c.due_us, runs.c.key, own.attempt, own.ordinal), after)


def _joined_runs() -> Join:
    return with_subject(runs, runs.c.check_key).join(circumstances, circumstances.c.key == runs.c.circumstances_key)


def _of_runs(statement: Select[Any], joined: Join, selection: Selection) -> Select[Any]:
    statement = statement.select_from(joined).where(*_within(runs.c.due_us, selection))
    if selection.environment is not None:
        statement = statement.where(circumstances.c.environment == selection.environment)
    if selection.location is not None:
        statement = statement.where(circumstances.c.location == selection.location)
    return statement


def _within(at_us: ColumnElement[int], selection: Selection) -> list[ColumnElement[bool]]:
    conditions = []
    if selection.since_us is not None:
        conditions.append(at_us >= selection.since_us)
    if selection.until_us is not None:
        conditions.append(at_us < selection.until_us)
    return conditions


def _behind(
    statement: Select[Any], order: tuple[ColumnElement[int], ...], after: tuple[int, ...] | None
) -> Select[Any]:
    """Order rows, and leave out those up to the last one of the page before."""
    if after is not None:
        statement = statement.where(tuple_(*order) > tuple_(*after))
    return statement.order_by(*order)


def _sample_columns(series: Series, rows: Sequence[Any]) -> Batch:
    count = len(rows)
    return {
        "due_us": [row.at_us for row in rows],
        "check": [series.subject] * count,
        "step": [series.step] * count,
        "metric": [series.metric] * count,
        "environment": [series.environment] * count,
        "location": [series.location] * count,
        "release": [row.release or "" for row in rows],
        "run": [_text_id(row.id) for row in rows],
        "attempt": [row.attempt for row in rows],
        "value": [row.value for row in rows],
    }


def _run_columns(rows: Sequence[Any]) -> Batch:
    plain = (
        "due_us",
        "check",
        *_PLACES,
        "browser",
        "host",
        "outcome",
        "reason",
        "due_count",
        "started_us",
        "finished_us",
    )
    return {"run": [_text_id(row.id) for row in rows], **_columns(rows, plain)}


def _step_columns(rows: Sequence[Any]) -> Batch:
    plain = (
        "due_us", "check", *_PLACES, "attempt", "measured", "step", "title", "parent", "offset_us", "duration_us",
        "error",
    )  # fmt: skip
    return {"run": [_text_id(row.id) for row in rows], **_columns(rows, plain)}


def _columns(rows: Sequence[Any], names: Sequence[str]) -> Batch:
    return {name: [getattr(row, name) for row in rows] for name in names}


def _text_id(stored: bytes | None) -> str:
    return "" if stored is None else str(UUID(bytes=bytes(stored)))
