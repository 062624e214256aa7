"""`outrider backtest`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from outrider.alerts import Thresholds, headline, parse_open, replayed, stored_findings
from outrider.app.incident_lookup import now_us, settings_of
from outrider.app.runtime import judge_settings, open_store, workspace_here
from outrider.cli.telling import at, console
from outrider.workspace import Refused

if TYPE_CHECKING:
    from outrider.alerts import AlertSettings, Replayed

_DAY_US = 86_400_000_000


@click.command(epilog="Example: outrider backtest --rule '3 of 5' --days 30")
@click.option("--rule", "rules", multiple=True, metavar="X of Y", help="Another rule to try; may be given again.")
@click.option("--days", default=30, type=click.IntRange(1, 400), show_default=True, help="How far to look back.")
@click.option("--list", "listed", is_flag=True, help="List the incidents of the last rule.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def backtest(*, rules: tuple[str, ...], days: int, listed: bool, as_json: bool) -> None:
    """Replay routes and thresholds over stored runs: how many incidents there would have been, and how short."""
    workspace = workspace_here()
    settings = settings_of(workspace)
    since_us = now_us() - days * _DAY_US
    with open_store(workspace) as store:
        found = stored_findings(store, judge_settings(workspace), settings, since_us=since_us)
    tried = {"every bad run": _with(settings, Thresholds(1, 1, 1)), "as configured": settings}
    tried |= {rule: _with(settings, _thresholds(rule, settings)) for rule in rules}
    results = {name: replayed(found, one) for name, one in tried.items()}
    if as_json:
        click.echo(json.dumps([{"rule": name, **_told(one)} for name, one in results.items()]))
        return
    width = max(map(len, results))
    for name, one in results.items():
        click.echo(f"{name:{width}}  {_sentence(one, days)}")
    if listed:
        for incident in list(results.values())[-1].incidents:
            console().print(f"{at(incident.began_us)} UTC  {headline(incident)}", markup=False)


def _sentence(one: Replayed, days: int) -> str:
    told = ", ".join(f"{count} to {receiver}" for receiver, count in sorted(one.notifications.items()))
    incidents = f"{len(one.incidents)} incidents in {days} days, {one.short} shorter than two runs"
    return f"{incidents}; notifications: {told or 'none'}"


def _told(one: Replayed) -> dict[str, object]:
    return {"incidents": len(one.incidents), "short": one.short, "notifications": one.notifications}


def _with(settings: AlertSettings, thresholds: Thresholds) -> AlertSettings:
    return replace(settings, thresholds=thresholds, threshold_rules=())


def _thresholds(rule: str, settings: AlertSettings) -> Thresholds:
    try:
        bad, of = parse_open(rule)
    except Refused as refused:
        raise click.BadParameter(f'"{rule}" {refused.what}; {refused.fix}', param_hint="--rule") from None
    return replace(settings.thresholds, bad=bad, of=of)
