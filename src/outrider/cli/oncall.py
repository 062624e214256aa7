"""`outrider oncall`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from outrider.cli.echo import echo
from outrider.cli.run_tables import at_with_zone
from outrider.cli.server_option import chosen_backend


@click.command(epilog="Example: outrider oncall --days 14")
@click.option("--days", default=7, type=click.IntRange(1, 366), show_default=True, help="How far to look ahead.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def oncall(*, days: int, as_json: bool) -> None:
    """Show who is on call now in each rotation, and who is next."""
    with chosen_backend() as backend:
        rotations, timezone = backend.shifts(days), backend.timezone
    if as_json:
        click.echo(
            json.dumps(
                [{"rotation": name, "turns": [asdict(shift) for shift in shifts]} for name, shifts in rotations.items()]
            )
        )
        return
    for name, shifts in rotations.items():
        click.echo(name)
        for shift in shifts:
            click.echo(f"  {at_with_zone(shift.from_us, timezone)}  {shift.person or 'nobody'}")
    if not rotations:
        echo("there are no rotations: scheduler/alerts.toml", err=True)
