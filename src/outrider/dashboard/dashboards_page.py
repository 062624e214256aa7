"""Pages of the dashboards that a workspace writes, and the same for the API."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.charts import draw_time_lines
from outrider.dashboard.api_values import instant
from outrider.dashboard.dashboard_file import PanelKind
from outrider.dashboard.page_addresses import dashboard_path
from outrider.dashboard.page_templates import render
from outrider.dashboard.panel_table import cell_word
from outrider.dashboard.services_view import DAY_S, SPANS
from outrider.dashboard.step_trends import day_marks
from outrider.model import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.dashboard.dashboard_file import DashboardFile
    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.panel_answers import Choice, DashboardView, PanelAnswer
    from outrider.dashboard.panel_table import Cell, PanelTable
    from outrider.dashboard.reader_clock import ReaderClock

_US = 10**6
_MARKS = 5


@dataclass(frozen=True, slots=True)
class DashboardItem:
    """A dashboard of the list; `problems` say what is wrong with its file."""

    name: str
    title: str
    description: str
    panels: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DashboardList:
    """The dashboards of the workspace, by name."""

    items: tuple[DashboardItem, ...]


@dataclass(frozen=True, slots=True)
class PanelItem:
    """What a panel shows: `columns` name what stands in each row; a column `time` is in seconds since 1970.

    `reason` says why there are no values, `error` why it could not be asked; `path` leads to what is behind it.
    """

    title: str
    kind: str
    unit: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]
    note: str
    reason: str
    error: str
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class VariableItem:
    """A variable: what is chosen, empty for all, and what can be."""

    name: str
    chosen: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DashboardBody:
    """What a dashboard shows from `since` on, before `until`."""

    name: str
    title: str
    description: str
    since: str | None
    until: str | None
    variables: tuple[VariableItem, ...]
    panels: tuple[PanelItem, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Bar:
    """A line of bars: its name, the width of 100 that it takes, and its number in words."""

    name: str
    width: float
    word: str


def dashboards_page(files: Sequence[DashboardFile], context: PageContext) -> str:
    """Return the list of dashboards."""
    return render("dashboards.html", context, {"files": files, "path_of": dashboard_path})


def dashboard_page(view: DashboardView, context: PageContext) -> str:
    """Return a dashboard."""
    file, span = view.file, view.span
    chosen = {choice.variable.name: choice.chosen for choice in view.choices}
    times = [(name, dashboard_path(file.name, since=name, **chosen), name == span.name) for name in SPANS]
    values = {
        "file": file, "span": span, "times": times, "choices": [(choice, _options(choice)) for choice in view.choices],
        "answers": view.answers, "chart_of": lambda answer: _chart(answer, context.clock),
        "lines_of": lambda table: table.columns[1:], "bars_of": _bars, "number_of": _number,
        "word_of": lambda cell, table: cell_word(cell, table.unit),
        "path": dashboard_path(file.name),
    }  # fmt: skip
    return render("dashboard.html", context, values)


def api_dashboards(files: Sequence[DashboardFile]) -> DashboardList:
    """Return the list of dashboards for the API."""
    return DashboardList(
        tuple(
            DashboardItem(file.name, file.title, file.description, len(file.panels), tuple(map(str, file.problems)))
            for file in files
        )
    )


def api_dashboard(view: DashboardView) -> DashboardBody:
    """Return a dashboard for the API."""
    file, span = view.file, view.span
    return DashboardBody(
        file.name, file.title, file.description, instant(span.since_s * _US), instant(span.until_s * _US),
        tuple(VariableItem(choice.variable.name, choice.chosen, choice.values) for choice in view.choices),
        tuple(map(_item, view.answers)), tuple(map(str, file.problems)),
    )  # fmt: skip


def _item(answer: PanelAnswer) -> PanelItem:
    table, problem = answer.table, answer.problem
    error = f"{problem.what}; {problem.help}" if problem else ""
    panel = answer.panel
    return PanelItem(
        panel.title, panel.form.value, table.unit, table.columns, table.rows, table.note, answer.reason, error,
        answer.path, panel.text,
    )  # fmt: skip


def _options(choice: Choice) -> list[tuple[str, str]]:
    """Return values and words to choose from: what an address names stays chosen, although nothing has it now."""
    values = list(dict.fromkeys(filter(None, (*choice.values, choice.variable.default, choice.chosen))))
    return [*([] if choice.variable.default else [("", "all")]), *((value, value) for value in values)]


def _chart(answer: PanelAnswer, clock: ReaderClock) -> str:
    table = answer.table
    if answer.panel.form is not PanelKind.TREND or len(table.rows) < 2:
        return ""
    at_s = [int(row[0] or 0) for row in table.rows]
    lines = {
        printable(name): [math.nan if row[number] is None else _number(row[number]) for row in table.rows]
        for number, name in enumerate(table.columns[1:], 1)
    }
    return draw_time_lines(answer.panel.title, at_s, lines, marks=_marks(at_s, clock), unit=table.unit)


def _marks(at_s: Sequence[int], clock: ReaderClock) -> list[tuple[int, str]]:
    """Return marks of the axis: days, or the time of day where there is less than two of them."""
    if at_s[-1] - at_s[0] >= 2 * DAY_S:
        return [(at // _US, word) for at, word in day_marks(at_s[0] * _US, at_s[-1] * _US, clock.timezone)]
    places = [at_s[round((number + 0.5) * (len(at_s) - 1) / _MARKS)] for number in range(_MARKS)]
    return [(at, clock.time_of_day(at * _US)) for at in dict.fromkeys(places)]


def _bars(table: PanelTable) -> list[_Bar]:
    numbers = [_number(row[-1]) for row in table.rows]
    most = max(numbers, default=0.0) or 1.0
    return [
        _Bar(
            " · ".join(str(cell) or "(none)" for cell in row[:-1]),
            max(0.0, number / most * 100),
            cell_word(row[-1], table.unit),
        )
        for row, number in zip(table.rows, numbers, strict=True)
    ]


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else 0.0
