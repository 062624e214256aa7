"""`outrider sessions`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from outrider.app import duration_s, find_workspace, now_us, open_telemetry
from outrider.app.lookup.real_user_facts import TROUBLES, read_session, read_sessions, real_user_filter, timeline_lines
from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, name_column, number_column, text_column, time_column
from outrider.cli.option_types import TypedValue
from outrider.cli.run_tables import at, console

if TYPE_CHECKING:
    from outrider.app.lookup.real_user_facts import SessionRow


@click.command(epilog="Example: outrider sessions --has error --since 7d")
@click.argument("session", required=False)
@click.option(
    "--since", default="1d", show_default=True, type=TypedValue("duration", duration_s), help="How far to look back."
)
@click.option("--page", default="", help="With a view of this page.")
@click.option("--service", default="", help="Of this service.")
@click.option("--has", type=click.Choice(TROUBLES), help="With at least one of these.")
@click.option("--user", default="", help="Of the user with this digest.")
@click.option("--trace", default="", help="In which this trace began.")
@click.option("-n", "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Most sessions.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def sessions(
    session: str | None, *, since: float, page: str, service: str, has: str | None, user: str, trace: str, limit: int,
    as_json: bool,
) -> None:  # fmt: skip
    """List visits of real users, or show SESSION as a timeline."""
    workspace = find_workspace()
    with open_telemetry(workspace) as telemetry:
        if session is not None:
            views = read_session(telemetry, session)
            echo(json.dumps([view._asdict() for view in views]) if as_json else "\n".join(timeline_lines(views)))
            return
        wanted = real_user_filter(now_us(), since, page=page, service=service)
        rows = read_sessions(telemetry, wanted, has=has or "", user=user, trace=trace, limit=limit)
    if as_json:
        echo(json.dumps([asdict(row) for row in rows]))
    elif rows:
        console().print(_table(rows, workspace.timezone))
    else:
        echo("no session of that time matches", err=True)


def _table(rows: list[SessionRow], timezone: str) -> FittedTable:
    table = FittedTable(
        text_column("session"), time_column("began"), name_column("first page"), number_column("views"),
        number_column("errors"), number_column("failed calls"), text_column("browser"),
    )  # fmt: skip
    for row in rows:
        table.add_row(
            row.session, at(row.start_us, timezone), row.first_page, str(row.views), str(row.errors),
            str(row.failed_calls), row.browser,
        )  # fmt: skip
    return table
