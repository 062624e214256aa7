"""The values of a panel, whatever its kind."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.charts import milliseconds

Cell = str | float | None
_THOUSANDS, _LARGE = 10_000, 100


@dataclass(frozen=True, slots=True)
class PanelTable:
    """Columns and rows.

    Attributes:
        columns: `time` (seconds since 1970) and a line each, of a trend; else keys and the measure, which stands last.
        unit: Of its numbers: "ms", "%" or any other.
        note: What is left out; empty if nothing is.
        reason: Why it has no values, where more is known than that.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    unit: str = ""
    note: str = ""
    reason: str = ""

    @property
    def has_values(self) -> bool:
        """Whether any number is known beside times."""
        first = 1 if self.columns[:1] == ("time",) else 0
        return any(isinstance(cell, int | float) for row in self.rows for cell in row[first:])


def cell_word(cell: Cell, unit: str) -> str:
    """Return a cell as a reader wants it, numbers with their unit."""
    if cell is None:
        return "-"
    if isinstance(cell, str):
        return cell or "(none)"
    if unit == "ms":
        return milliseconds(cell)
    digits = 0 if float(cell).is_integer() or abs(cell) >= _THOUSANDS else 1 if abs(cell) >= _LARGE else 2
    return f"{cell:,.{digits}f}{f' {unit}' if unit else ''}"
