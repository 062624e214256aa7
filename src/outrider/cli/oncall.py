"""`outrider oncall`."""

from __future__ import annotations

import json

import click

from outrider.cli.alerting import now_us, settings_of
from outrider.cli.project import workspace_here
from outrider.cli.telling import at

_DAY_US = 86_400_000_000
_STEP_US = 900_000_000


@click.command(epilog="Example: outrider oncall --days 14")
@click.option("--days", default=7, type=click.IntRange(1, 366), show_default=True, help="How far to look ahead.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def oncall(*, days: int, as_json: bool) -> None:
    """Say who is on call now in each rotation, and who follows."""
    settings = settings_of(workspace_here())
    now = now_us()
    told = []
    for name, rotation in settings.rotations.items():
        turns: list[dict[str, object]] = []
        for moment in range(now, now + days * _DAY_US, _STEP_US):
            person = rotation.on_call(moment)
            if not turns or turns[-1]["person"] != person:
                turns.append({"person": person, "from_us": moment})
        told.append({"rotation": name, "turns": turns})
    if as_json:
        click.echo(json.dumps(told))
        return
    for one in told:
        click.echo(str(one["rotation"]))
        for turn in one["turns"]:  # type: ignore[attr-defined]
            click.echo(f"  {at(turn['from_us'])} UTC  {turn['person'] or 'NOBODY'}")
    if not told:
        click.echo("there are no rotations: scheduler/alerts.toml", err=True)
