"""Tables with a line a row: as wide as the terminal, or as wide as they need to be in a file or pipe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.padding import Padding
from rich.text import Text

from outrider.app.access.reader_gate import gated_document
from outrider.model import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType

_GAP = 2
_INDENT = 2
_LEAST = 8
"""Columns that a name keeps, however narrow the terminal is."""
_MINUTES = slice(5, 16)
"""Of a time such as 2026-11-29 21:58:07: month, day, hour and minute."""


class Fit(Enum):
    """What becomes of a column for which the terminal is too narrow."""

    WHOLE = auto()
    NAME = auto()  # loses its beginning: the end tells names apart
    TEXT = auto()  # loses its end
    NOTE = auto()  # stands below its row, whole
    DETAIL = auto()  # stands below its row with its title, beside other details
    TIME = auto()  # loses year and seconds
    PLACE = auto()  # is left out where all rows say the same


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column: its title, what becomes of it on a narrow terminal, and whether it holds numbers."""

    title: str
    fit: Fit = Fit.WHOLE
    is_number: bool = False
    style: str = ""


def number_column(title: str) -> Column:
    """Return a column of numbers, which are aligned to the right."""
    return Column(title, is_number=True)


def name_column(title: str, style: str = "") -> Column:
    """Return a column of ids, paths or addresses, which are shortened from the left."""
    return Column(title, Fit.NAME, style=style)


def text_column(title: str, style: str = "") -> Column:
    """Return a column of words that begin with what matters."""
    return Column(title, Fit.TEXT, style=style)


def note_column(title: str) -> Column:
    """Return a column of sentences."""
    return Column(title, Fit.NOTE)


def detail_column(title: str) -> Column:
    """Return a column of figures that a narrow terminal shows below their row."""
    return Column(title, Fit.DETAIL)


def time_column(title: str) -> Column:
    """Return a column of times as `at` writes them."""
    return Column(title, Fit.TIME)


def place_column(title: str) -> Column:
    """Return a column of places, which are often the same."""
    return Column(title, Fit.PLACE)


class FittedTable:
    """A table to print on a console; a row is never folded. Without any title it has rows only."""

    def __init__(self, *columns: Column | str) -> None:
        self._columns = [Column(column) if isinstance(column, str) else column for column in columns]
        self._rows: list[list[Text]] = []

    def add_row(self, *cells: str | Text) -> None:
        """Add a row; cells that are left out at its end are empty."""
        padded = [*cells, *[""] * (len(self._columns) - len(cells))]
        self._rows.append([_cell(cell, column.style) for column, cell in zip(self._columns, padded, strict=True)])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[RenderableType]:
        """Yield the lines."""
        layout = _Layout(self._columns, self._rows, options.max_width)
        if console.is_terminal:
            layout.fit()
        yield from layout.lines()


def heading(name: str, style: str = "bold") -> FittedTable:
    """Return a name that is a line of its own."""
    table = FittedTable(name_column("", style))
    table.add_row(name)
    return table


def note(text: str, indent: int = _INDENT, style: str = "") -> RenderableType:
    """Return a sentence whose lines, where it needs several, all begin at so many columns."""
    return Padding(_cell(text, style), (0, 0, 0, indent), expand=False)


def shortened(name: str, width: int) -> str:
    """Return a name that is no wider than so many columns: its end, which tells names apart."""
    if cell_len(name) <= width:
        return name
    while name and cell_len(name) >= width:
        name = name[1:]
    return f"…{name}"


def _cell(value: str | Text, style: str) -> Text:
    """Return a cell as one printable line."""
    cell = Text(printable(gated_document(value)), style=style) if isinstance(value, str) else value.copy()
    if "\n" in cell.plain:
        cell = Text(" ").join(cell.split("\n"))
    cell.expand_tabs(4)
    return cell


class _Layout:
    """Columns of cells, and notes below the rows: made narrower step by step until they fit."""

    def __init__(self, columns: Sequence[Column], rows: Sequence[Sequence[Text]], width: int) -> None:
        self._columns = {column: [row[at] for row in rows] for at, column in enumerate(columns)}
        self._notes: list[list[Text]] = [[] for _ in rows]
        self._width = width

    def fit(self) -> None:
        """Make what is too wide narrower, what matters least first."""
        for column, cells in self._of(Fit.NOTE):
            if not any(cell.plain for cell in cells):
                del self._columns[column]
        for narrow in (
            self._lower_notes, self._leave_out_places, self._shorten_times, self._shorten_names, self._shorten_titles,
        ):  # fmt: skip
            if self._excess() > 0:
                narrow()

    def lines(self) -> Iterable[RenderableType]:
        """Yield the titles, and each row with what stands below it."""
        if any(column.title for column in self._columns):
            yield self._line([Text(column.title, style="bold") for column in self._columns])
        for at, notes in enumerate(self._notes):
            yield self._line([cells[at] for cells in self._columns.values()])
            yield from (Padding(below, (0, 0, 0, _INDENT)) for below in notes if below.plain)

    def _line(self, cells: Iterable[Text]) -> Text:
        line = Text(no_wrap=True, overflow="ignore")
        for column, cell, width in zip(self._columns, cells, self._widths(), strict=True):
            gap = " " * (width - cell.cell_len)
            before, after = (gap, "") if column.is_number else ("", gap)
            line.append(before).append_text(cell).append(after + " " * _GAP)
        line.rstrip()
        return line

    def _widths(self) -> list[int]:
        return [
            max(cell_len(column.title), *(cell.cell_len for cell in cells), 0)
            for column, cells in self._columns.items()
        ]

    def _excess(self) -> int:
        return sum(self._widths()) + _GAP * (len(self._columns) - 1) - self._width

    def _of(self, *fits: Fit) -> list[tuple[Column, list[Text]]]:
        return [(column, cells) for column, cells in self._columns.items() if column.fit in fits]

    def _lower_notes(self) -> None:
        for column, cells in self._of(Fit.NOTE):
            del self._columns[column]
            for notes, cell in zip(self._notes, cells, strict=True):
                notes.append(cell)
        details = self._of(Fit.DETAIL)
        for column, _ in details:
            del self._columns[column]
        for at, notes in enumerate(self._notes):
            known = [Text.assemble(f"{column.title} ", cells[at]) for column, cells in details if cells[at].plain]
            notes.append(Text(", ").join(known))

    def _leave_out_places(self) -> None:
        for column, cells in self._of(Fit.PLACE):
            if len({cell.plain for cell in cells}) == 1:
                del self._columns[column]

    def _shorten_times(self) -> None:
        for column, cells in self._of(Fit.TIME):
            self._columns[column] = [cell[_MINUTES] if len(cell) > _MINUTES.stop else cell for cell in cells]

    def _shorten_names(self) -> None:
        """Take from the widest name or text, column by column, what there is no room for."""
        columns = dict(self._of(Fit.NAME, Fit.TEXT))
        widths = {column: max(cell.cell_len for cell in cells) for column, cells in columns.items() if cells}
        for _ in range(self._excess()):
            widest = max(widths, key=widths.__getitem__, default=None)
            if widest is None or widths[widest] <= _LEAST:
                break
            widths[widest] -= 1
        for column, width in widths.items():
            self._columns[column] = [_narrow(cell, width, column.fit) for cell in columns[column]]

    def _shorten_titles(self) -> None:
        """Take from the titles that are wider than what stands below them, such as that of a time with its zone."""
        for column, cells in list(self._columns.items()):
            width = max((cell.cell_len for cell in cells), default=0)
            spare = cell_len(column.title) - max(width, _LEAST)
            if (excess := self._excess()) > 0 and spare > 0:
                title = _narrow(Text(column.title), cell_len(column.title) - min(spare, excess), Fit.TEXT).plain
                self._columns = {
                    replace(known, title=title) if known is column else known: values
                    for known, values in self._columns.items()
                }


def _narrow(cell: Text, width: int, fit: Fit) -> Text:
    if fit is Fit.NAME:
        return Text(shortened(cell.plain, width), style=cell.style)
    narrow = cell.copy()
    narrow.truncate(width, overflow="ellipsis")
    return narrow
