"""Panels of dashboards as text."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from outrider.app import cell_word
from outrider.cli.fitted_table import FittedTable, name_column, note, number_column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from outrider.app import PanelAnswer, PanelTable


def panel_lines(answer: PanelAnswer) -> Iterator[RenderableType]:
    """Yield what a panel shows, its title first."""
    panel, table = answer.panel, answer.table
    yield note(panel.title, 0, "bold")
    if panel.text:
        yield note(panel.text)
    if answer.problem:
        yield note(f"{answer.problem.what}; {answer.problem.help}")
    elif answer.reason:
        yield note(answer.reason)
    elif table.columns[:1] == ("time",):
        yield _trend(table)
    elif table.rows:
        yield _rows(table)
    if table.note:
        yield note(table.note)


def _rows(table: PanelTable) -> FittedTable:
    is_number = [any(isinstance(row[place], int | float) for row in table.rows) for place in range(len(table.columns))]
    shown = FittedTable(
        *(
            number_column(title) if numeric else name_column(title)
            for title, numeric in zip(table.columns, is_number, strict=True)
        )
    )
    for row in table.rows:
        shown.add_row(*(cell_word(cell, table.unit) for cell in row))
    return shown


def _trend(table: PanelTable) -> FittedTable:
    shown = FittedTable(name_column("line"), *map(number_column, ("least", "median", "greatest", "last")))
    for place, name in enumerate(table.columns[1:], 1):
        values = [float(cell) for row in table.rows if isinstance(cell := row[place], int | float)]
        if values:
            figures = (min(values), median(values), max(values), values[-1])
            shown.add_row(name, *(cell_word(value, table.unit) for value in figures))
    return shown
