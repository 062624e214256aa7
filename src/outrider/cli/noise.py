"""`outrider noise`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from rich.text import Text

from outrider.app import alert_noise, find_workspace, now_us, open_store
from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, name_column, number_column
from outrider.cli.run_tables import console
from outrider.model import counted, per_cent

_DAY_US = 86_400_000_000


@click.command(epilog="Example: outrider noise --days 30")
@click.option("--days", default=7, type=click.IntRange(1, 400), show_default=True, help="How far to look back.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object; null without alerts and incidents.")
def noise(*, days: int, as_json: bool) -> None:
    """Show how many alerts were sent to whom, about what, and how much of that somebody acted on."""
    workspace, until_us = find_workspace(), now_us()
    workspace.capabilities.require("noise", "counting alerts")
    with open_store(workspace) as store:
        seen = alert_noise(store, until_us - days * _DAY_US, until_us)
    if as_json:
        echo(json.dumps(None if seen is None else asdict(seen) | {"a_week": seen.sent / days * 7}))
        return
    if seen is None:
        echo(f"no alert was sent in {counted(days, 'day')}", err=True)
        return
    share = f" ({per_cent(seen.acted_on / seen.incidents, '.0f')})" if seen.incidents else ""
    echo(
        f"{counted(seen.sent, 'alert')} in {counted(days, 'day')}, {seen.sent / days * 7:.1f} a week; of"
        f" {counted(seen.incidents, 'incident')} somebody acted on {seen.acted_on}{share}, {seen.folded} followed from"
        f" another one, {seen.alone} stood alone, {seen.weak} of weak evidence notified nobody"
    )
    if seen.receivers:
        table = FittedTable(name_column("receiver"), number_column("alerts"))
        for receiver in seen.receivers:
            table.add_row(Text(receiver.receiver), str(receiver.sent))
        console().print(table)
    if seen.checks:
        table = FittedTable(name_column("check"), *map(number_column, ("alerts", "incidents", "acted on")))
        for check in seen.checks:
            table.add_row(Text(check.check), *map(str, (check.sent, check.incidents, check.acted_on)))
        console().print(table)
