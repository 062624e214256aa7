"""`outrider sql`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from rich.text import Text

from outrider.app import find_workspace, open_telemetry
from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, text_column
from outrider.cli.run_tables import console
from outrider.model import printable

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command(epilog="Example: outrider sql 'SELECT ServiceName, count() AS n FROM otel_logs GROUP BY 1'")
@click.argument("statement")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="How many rows at most.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def sql(statement: str, *, limit: int, as_json: bool) -> None:
    """Answer one SELECT over the tables of telemetry, in ClickHouse's SQL; bounded in time, rows and memory.

    The tables are listed in docs/telemetry.md. Nothing can be changed, and nothing else be read.
    """
    with open_telemetry(find_workspace()) as telemetry:
        answer = telemetry.select(statement, limit=limit)
    if as_json:
        echo(json.dumps([dict(zip(answer.columns, row, strict=True)) for row in answer.rows], default=str))
    else:
        console().print(_table(answer.columns, answer.rows))


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> FittedTable:
    table = FittedTable(*(text_column(printable(column)) for column in columns))
    for row in rows:
        table.add_row(*(Text(printable(str(value))) for value in row))
    return table
