"""What the panels of a dashboard show: each asks one bounded question, side by side, and fails alone."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache, partial
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from outrider.charts import MOST_LINES
from outrider.dashboard.check_panels import NO_CHECKS, check_table
from outrider.dashboard.dashboard_file import PanelKind
from outrider.dashboard.page_addresses import logs_path, traces_path
from outrider.dashboard.panel_table import Cell, PanelTable
from outrider.dashboard.query_view import QueryProblem, query_problem
from outrider.model import OutriderError, RecordKind, counted, different_labels, series_names
from outrider.workspace import fill_promql

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future
    from contextlib import AbstractContextManager

    from outrider.dashboard.dashboard_file import DashboardFile, Panel, Variable
    from outrider.dashboard.services_view import ServicesSpan
    from outrider.dashboard.sources import Sources
    from outrider.model import MeasuredTable, TelemetryReader

    Ask = Callable[[], AbstractContextManager[TelemetryReader]]

T = TypeVar("T")

log = structlog.get_logger("outrider.pages")

DEADLINE_S: Final = 15.0
_AT_ONCE: Final = 8
_MOST_PERIODS: Final = 500
_MOST_ROWS: Final = 20
_MOST_CHOICES: Final = 100
_OF_NOTHING: Final = ("count", "rate", "errors", "sum(", "uniq(")
"""Measures that are zero where nothing matches."""


@dataclass(frozen=True, slots=True)
class PanelAnswer:
    """What a panel shows.

    Attributes:
        reason: Why it has no values; empty if it has some.
        problem: Why it could not be asked; None if it was.
        path: Of the page that shows what is behind it; empty for none.
    """

    panel: Panel
    table: PanelTable = field(default_factory=PanelTable)
    reason: str = ""
    problem: QueryProblem | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be chosen for a variable, and what is: an empty value stands for all."""

    variable: Variable
    chosen: str
    values: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class DashboardView:
    """A dashboard at a moment."""

    file: DashboardFile
    span: ServicesSpan
    choices: tuple[Choice, ...]
    answers: tuple[PanelAnswer, ...]


def dashboard_view(
    sources: Sources,
    ask: Ask,
    file: DashboardFile,
    span: ServicesSpan,
    asked: Mapping[str, str],
    *,
    deadline_s: float = DEADLINE_S,
) -> DashboardView:
    """Return what a dashboard shows; what takes longer is said to be late.

    Args:
        sources: What is asked.
        ask: Hands out the telemetry as soon as a turn is free.
        file: The dashboard.
        span: The time that is shown.
        asked: Values that an address names, by variable.
        deadline_s: How long all of it may take.
    """
    chosen = {variable.name: asked.get(variable.name, variable.default) for variable in file.variables}
    pool = _threads()
    until_s = monotonic() + deadline_s
    panels = [pool.submit(_answer, sources, ask, panel, span, chosen) for panel in file.panels]
    variables = [pool.submit(_choice, sources, ask, variable, span, chosen) for variable in file.variables]
    answers = tuple(
        _in_time(work, until_s, partial(_late, panel, deadline_s))
        for work, panel in zip(panels, file.panels, strict=True)
    )
    choices = tuple(
        _in_time(work, until_s, partial(Choice, variable, chosen[variable.name], (), "its values came too late"))
        for work, variable in zip(variables, file.variables, strict=True)
    )
    return DashboardView(file, span, choices, answers)


def _in_time(work: Future[T], until_s: float, late: Callable[[], T]) -> T:
    try:
        return work.result(max(0.0, until_s - monotonic()))
    except TooLate:
        work.cancel()  # what is begun ends at the limit of a query
        return late()


@cache
def _threads() -> ThreadPoolExecutor:
    """Return the threads of all pages: each has a connection to the telemetry, which takes time to make."""
    return ThreadPoolExecutor(_AT_ONCE, "dashboards")


def _late(panel: Panel, deadline_s: float) -> PanelAnswer:
    what = f"its answer took longer than {deadline_s:g} s"
    return PanelAnswer(panel, problem=QueryProblem(what, "choose a shorter time, or narrow the query"))


def _answer(sources: Sources, ask: Ask, panel: Panel, span: ServicesSpan, chosen: Mapping[str, str]) -> PanelAnswer:
    try:
        if panel.form is PanelKind.TEXT:
            return PanelAnswer(panel)
        if panel.promql:
            return _of_series(sources, panel, span, chosen)
        if panel.kind is None:
            table, path = check_table(sources, panel, span, chosen)
            return PanelAnswer(panel, table, "" if table.has_values else table.reason or NO_CHECKS, path=path)
        return _of_records(ask, panel, span, chosen)
    except OutriderError as error:
        return PanelAnswer(panel, problem=query_problem(error))
    except Exception as error:  # an error of ours, which is logged
        log.exception("dashboard.panel", panel=panel.title, error=str(error))
        return PanelAnswer(panel, problem=QueryProblem("it cannot be shown", "the log of Outrider says why"))


def _of_records(ask: Ask, panel: Panel, span: ServicesSpan, chosen: Mapping[str, str]) -> PanelAnswer:
    from outrider.telemetry_store import QueryText, fill_variables  # noqa: PLC0415  dear, and only these panels need it

    kind = panel.kind or RecordKind.LOGS
    query = QueryText(QueryText(fill_variables(panel.query, chosen)).during(span.name))
    every_s = _every_s(panel, span) if panel.form is PanelKind.TREND else 0
    path = logs_path(str(query)) if kind is RecordKind.LOGS else traces_path(str(query))
    with ask() as reader:
        measured = reader.measure(kind, str(query), measure=panel.measure, by=panel.by, every_s=every_s)
    unit = panel.unit or ("ms" if "(duration)" in panel.measure else "")
    if every_s:
        table = _pivoted(measured, range(span.since_s // every_s * every_s, span.until_s, every_s), panel, unit)
    else:
        rows = measured.rows[:_MOST_ROWS] if panel.form is not PanelKind.NUMBER else measured.rows[:1]
        left_out = len(measured.rows) - len(rows)
        note = (
            f"and {counted(left_out, 'other') if measured.is_complete else f'{left_out} others or more'}"
            if left_out
            else ""
        )
        table = PanelTable(measured.columns, tuple(map(_finite, rows)), unit, note)
    word = "log record" if kind is RecordKind.LOGS else "span"
    reason = f"no {word} matches in this time, or none has a value"
    return PanelAnswer(panel, table, "" if measured.rows and table.has_values else reason, path=path)


def _of_series(sources: Sources, panel: Panel, span: ServicesSpan, chosen: Mapping[str, str]) -> PanelAnswer:
    """Return what a source says: of a trend at the end of each period, else now, `$every` being the whole time."""
    is_trend = panel.form is PanelKind.TREND
    every_s = _every_s(panel, span) if is_trend else span.seconds
    query = fill_promql(panel.promql, chosen, every_s)
    since_s = span.since_s // every_s * every_s if is_trend else span.until_s
    series = sources.series().series(query, since_s, span.until_s, every_s, source=panel.source)
    keys = different_labels(series)
    most = MOST_LINES if is_trend else 1 if panel.form is PanelKind.NUMBER else _MOST_ROWS
    largest = sorted(series, key=lambda own: -max(own.values))[:most]
    note = f"the largest {most} of {len(series)}" if len(series) > most else ""
    cells = [tuple(own.labels.get(key, "") for key in keys) for own in largest]
    if is_trend:
        lines = [dict(zip(map(round, own.at_s), own.values, strict=True)) for own in largest]
        names = [" · ".join(own) or "value" for own in cells]
        grid = range(since_s, span.until_s + 1, every_s)
        periods = tuple((at_s, *(line.get(at_s) for line in lines)) for at_s in grid)
        table = PanelTable(("time", *names), periods if lines else (), panel.unit, note)
    else:
        whose = cells if keys else [(name or "value",) for name in series_names(largest)]
        rows: list[tuple[Cell, ...]] = [(*own, line.values[-1]) for own, line in zip(whose, largest, strict=True)]
        table = PanelTable((*(keys or ("series",)), "value"), tuple(rows), panel.unit, note)
    return PanelAnswer(panel, table, "" if table.has_values else "the query has no series in this time")


def _every_s(panel: Panel, span: ServicesSpan) -> int:
    """Return the periods that a panel asks for, or the usual ones where those would be too many."""
    wanted_s = panel.every_s or span.every_s
    return wanted_s if span.seconds <= wanted_s * _MOST_PERIODS else max(wanted_s, span.every_s)


def _finite(row: Sequence[str | float | None]) -> tuple[str | float | None, ...]:
    return tuple(value if not isinstance(value, float) or math.isfinite(value) else None for value in row)


def _pivoted(measured: MeasuredTable, grid: range, panel: Panel, unit: str) -> PanelTable:
    """Return a measure with a column for each value of its keys, the largest four."""
    of_nothing = 0.0 if panel.measure.startswith(_OF_NOTHING) else None
    lines: dict[str, dict[int, float]] = {}
    for row in map(_finite, measured.rows):
        at_s, *keys, value = row
        if isinstance(value, int | float):
            name = " · ".join(str(key) or "(none)" for key in keys) or panel.measure
            lines.setdefault(name, {})[int(at_s or 0)] = float(value)
    order = sorted(lines, key=lambda name: (-sum(lines[name].values()), name))
    names = order[:MOST_LINES]
    rows = tuple((at_s, *(lines[name].get(at_s, of_nothing) for name in names)) for at_s in grid)
    left_out = len(order) - len(names)
    note = f"the largest {len(names)} of {len(order)}" if left_out else ""
    return PanelTable(("time", *names), rows if names else (), unit, note)


def _choice(sources: Sources, ask: Ask, variable: Variable, span: ServicesSpan, chosen: Mapping[str, str]) -> Choice:
    plain = Choice(variable, chosen[variable.name], variable.values)
    try:
        if variable.tag:
            tags = {tag for check in sources.checks() or () for tag in check.marks | check.policy.tags}
            return replace(
                plain, values=tuple(sorted(tag for tag in tags if fnmatchcase(tag, variable.tag)))[:_MOST_CHOICES]
            )
        if variable.kind is None:
            return plain
        from outrider.telemetry_store import QueryText  # noqa: PLC0415  dear, and only these variables need it

        query = QueryText(variable.query).during(span.name)
        with ask() as reader:
            rows = reader.measure(variable.kind, query, by=(variable.by,)).rows
        values = sorted(str(row[0]) for row in rows[:_MOST_CHOICES] if row[0])
        return replace(plain, values=tuple(values))
    except OutriderError as error:
        return replace(plain, problem=error.what)
