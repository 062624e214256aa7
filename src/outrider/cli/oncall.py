"""`outrider oncall`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from outrider.app.incident_lookup import now_us, settings_of
from outrider.app.workspace_access import find_workspace
from outrider.cli.run_tables import at

if TYPE_CHECKING:
    from outrider.alerts import Rotation

_DAY_US = 86_400_000_000
_STEP_US = 900_000_000


@click.command(epilog="Example: outrider oncall --days 14")
@click.option("--days", default=7, type=click.IntRange(1, 366), show_default=True, help="How far to look ahead.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def oncall(*, days: int, as_json: bool) -> None:
    """Say who is on call now in each rotation, and who follows."""
    settings = settings_of(find_workspace())
    now = now_us()
    told = {name: _turns(one, now, days) for name, one in settings.rotations.items()}
    if as_json:
        listed = [
            {"rotation": name, "turns": [{"from_us": at_us, "person": person} for at_us, person in turns]}
            for name, turns in told.items()
        ]
        click.echo(json.dumps(listed))
        return
    for name, turns in told.items():
        click.echo(name)
        for at_us, person in turns:
            click.echo(f"  {at(at_us)} UTC  {person or 'NOBODY'}")
    if not told:
        click.echo("there are no rotations: scheduler/alerts.toml", err=True)


def _turns(rotation: Rotation, now: int, days: int) -> list[tuple[int, str]]:
    """Return from when on who is on call, to the quarter of an hour."""
    turns: list[tuple[int, str]] = []
    quarter = now - now % _STEP_US + _STEP_US
    for moment in (now, *range(quarter, now + days * _DAY_US, _STEP_US)):
        person = rotation.on_call(moment)
        if not turns or turns[-1][1] != person:
            turns.append((moment, person))
    return turns
