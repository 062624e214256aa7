"""`outrider hosts`."""

from __future__ import annotations

import json

import click

from outrider.app import ServiceFacts, duration_s, find_workspace, open_telemetry
from outrider.cli.echo import echo
from outrider.cli.option_types import TypedValue
from outrider.cli.run_tables import console
from outrider.cli.service_tables import host_json, hosts_table


@click.command(epilog="Example: outrider hosts --since 1d --json")
@click.option(
    "--since", default="1h", show_default=True, type=TypedValue("duration", duration_s), help="How far to look back."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def hosts(*, since: float, as_json: bool) -> None:
    """Show processor, memory, fullest disk, load and network of hosts, of the last fifteen minutes."""
    workspace = find_workspace()
    with open_telemetry(workspace) as telemetry:
        rows = ServiceFacts(telemetry, since).hosts()
    if as_json:
        echo(json.dumps([host_json(row) for row in rows]))
    elif rows:
        console().print(hosts_table(rows, workspace.timezone))
    else:
        echo("no system metrics with host.name of that time; how to send them: docs/telemetry.md#hosts", err=True)
