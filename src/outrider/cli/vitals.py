"""`outrider vitals`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from outrider.app import duration_s, find_workspace, now_us, open_telemetry
from outrider.app.real_user_facts import VIEW_KEYS, read_vitals, real_user_filter, vital_text
from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, name_column, number_column
from outrider.cli.option_types import TypedValue
from outrider.cli.run_tables import console

if TYPE_CHECKING:
    from outrider.app.real_user_facts import VitalRow


@click.command(epilog="Example: outrider vitals --by device --since 7d")
@click.option("--by", type=click.Choice(VIEW_KEYS), default="page", show_default=True, help="By what.")
@click.option(
    "--since", default="1d", show_default=True, type=TypedValue("duration", duration_s), help="How far to look back."
)
@click.option("--page", default="", help="Of this page.")
@click.option("--service", default="", help="Of this service.")
@click.option("-n", "--limit", type=click.IntRange(1, 1000), default=30, show_default=True, help="Most rows.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def vitals(*, by: str, since: float, page: str, service: str, limit: int, as_json: bool) -> None:
    """Show what real users lived through: 75th percentiles of LCP, INP, CLS, FCP and TTFB, by page or else."""
    with open_telemetry(find_workspace()) as telemetry:
        wanted = real_user_filter(now_us(), since, page=page, service=service)
        rows = read_vitals(telemetry, wanted, by, limit)
    if as_json:
        echo(json.dumps([asdict(row) for row in rows]))
    elif rows:
        console().print(_table(rows, by))
    else:
        echo("no page view of that time; how pages tell of users: docs/real-users.md", err=True)


def _table(rows: list[VitalRow], by: str) -> FittedTable:
    names = [vital.upper() for vital in rows[0].vitals]
    table = FittedTable(name_column(by), *map(number_column, [*names, "views", "sessions", "failing"]))
    for row in rows:
        figures = [vital_text(vital, share.p75) for vital, share in row.vitals.items()]
        counts = (row.views, row.sessions, row.failing)
        table.add_row(row.key or "(not said)", *figures, *(f"{count:,}" for count in counts))
    return table
