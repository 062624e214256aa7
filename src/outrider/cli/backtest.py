"""`outrider backtest`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from outrider.app import backtest_rules, find_workspace, headline, open_store
from outrider.cli.echo import warn
from outrider.cli.fitted_table import FittedTable, note_column
from outrider.cli.progress import Progress
from outrider.cli.run_tables import at_with_zone, console
from outrider.model import counted

if TYPE_CHECKING:
    from outrider.app import Replayed


@click.command(epilog="Example: outrider backtest --rule '3 of 5' --days 30")
@click.option("--rule", "rules", multiple=True, metavar="X of Y", help="Another rule to try; may be given again.")
@click.option("--days", default=30, type=click.IntRange(1, 400), show_default=True, help="How far to look back.")
@click.option("--list", "listed", is_flag=True, help="List the incidents of the last rule.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def backtest(*, rules: tuple[str, ...], days: int, listed: bool, as_json: bool) -> None:
    """Replay routes and thresholds over stored runs: how many incidents they would have opened, and how long.

    Rules over telemetry are replayed over the values that were measured, and over what is kept of telemetry where none
    was yet; rules over series over what their source has.
    """
    workspace = find_workspace()
    with open_store(workspace) as store, Progress() as progress:
        progress.progress("replaying stored runs")
        try:
            results = backtest_rules(workspace, store, rules, days=days, listener=progress)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--rule") from None
    for name, why in list(results.values())[-1].unread.items():
        warn(f"rule {name} is not replayed: {why}")
    if as_json:
        click.echo(json.dumps([{"rule": name, **_as_json(replayed)} for name, replayed in results.items()]))
        return
    table = FittedTable("", note_column(""))
    for name, replayed in results.items():
        table.add_row(name, _sentence(replayed, days))
    console().print(table)
    if listed:
        for incident in list(results.values())[-1].incidents:
            console().print(
                f"{at_with_zone(incident.began_us, workspace.timezone)}  {headline(incident)}", markup=False
            )


def _sentence(replayed: Replayed, days: int) -> str:
    counts = ", ".join(f"{count} to {receiver}" for receiver, count in sorted(replayed.notifications.items()))
    incidents = f"{counted(len(replayed.incidents), 'incident')} in {counted(days, 'day')}"
    parts = ", ".join(f"{part} {count}" for part, count in replayed.by_part.items())
    opened = f" ({parts})" if parts else ""
    return (
        f"{incidents}, {replayed.short} shorter than two runs{opened}, {replayed.weak} of weak evidence that notified "
        f"nobody; notifications: {counts or 'none'}"
    )


def _as_json(replayed: Replayed) -> dict[str, object]:
    return {
        "incidents": len(replayed.incidents),
        "short": replayed.short,
        "notifications": replayed.notifications,
        "by_part": replayed.by_part,
        "weak": replayed.weak,
        "unread": dict(replayed.unread),
    }
