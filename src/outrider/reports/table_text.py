"""Tables as Markdown and CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from outrider.model import spreadsheet_cell

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHARACTERS = 500


def markdown_table(name: str, rows: Sequence[dict[str, object]], empty: str = "None.") -> list[str]:
    """Return a table below its heading; what is said if `empty` without rows."""
    lines = [f"## {name.capitalize()}", ""]
    if not rows:
        return [*lines, empty, ""]
    lines += [f"| {' | '.join(rows[0])} |", f"|{'---|' * len(rows[0])}"]
    lines += [f"| {' | '.join(cell(str(value)) for value in row.values())} |" for row in rows]
    return [*lines, ""]


def csv_table(rows: Sequence[dict[str, object]]) -> str:
    """Return a table with a head; texts are none that a spreadsheet takes for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if rows:
        writer.writerow(rows[0])
    writer.writerows([spreadsheet_cell(value) for value in row.values()] for row in rows)
    return out.getvalue()


def cell(text: str) -> str:
    """Return a text that Markdown and HTML take for nothing but text, cut to a length that can be read."""
    text = text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]}…"
    for sign in "\\`*_[]|":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.replace("&", "&amp;").replace("<", "&lt;").split())
