"""`outrider capacity`."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from outrider.app import capacity_plans, ends_first, find_workspace, open_store, reached
from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, name_column, note_column, number_column
from outrider.cli.run_tables import at_with_zone, console
from outrider.model import counted, number, per_cent

if TYPE_CHECKING:
    from outrider.app import CapacityPlan


@click.command(epilog="Example: outrider capacity --json")
@click.argument("name", default="", metavar="[SERVICE|CHECK]")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def capacity(name: str, *, as_json: bool) -> None:
    """Show what ends first under load, how far the week's peak is from it, and when it will be reached.

    It reads the last load with levels of each profile (outrider load NAME --find-knee), the metrics of that time, and
    the real traffic of up to 56 weeks.
    """
    workspace = find_workspace()
    with open_store(workspace) as store:
        plans = capacity_plans(workspace, store, name, starts_engine=True)
    if as_json:
        echo(json.dumps([_json(plan) for plan in plans]))
        return
    if not plans:
        echo("no load with levels yet: outrider load NAME --find-knee makes one", err=True)
    for plan in plans:
        _print(plan, workspace.timezone)


def _print(plan: CapacityPlan, timezone: str) -> None:
    out, knee = console(), plan.knee
    out.print(Text(f"{plan.check} in {plan.environment}, load of {at_with_zone(plan.at_us, timezone)}"))
    if plan.sustained is not None:
        rate, low, high = (number(value, ".1f") for value in plan.sustained)
        users = f", at {counted(round(knee.users), 'user')}" if knee and knee.reached else ""
        how = "would sustain, by what its first resource has left," if plan.is_extrapolated else "sustains"
        out.print(Text(f"  {how} {rate} requests/s (80 % interval {low} to {high}){users}"))
    elif knee is not None:
        out.print(Text(f"  sustains at least {number(knee.rate, '.1f')} requests/s: the load did not reach the knee"))
    out.print(Text(f"  {ends_first(plan)}"))
    if plan.limits.resources:
        out.print(_resources(plan))
    if plan.unknown:
        out.print(Text(f"  headroom unknown: {plan.unknown}"))
    else:
        out.print(_services(plan))


def _resources(plan: CapacityPlan) -> FittedTable:
    table = FittedTable(name_column("resource"), *map(number_column, ("at most", "full at /s", "80 % interval")))
    for own in plan.limits.resources:
        limit, rates = own.limit, ("not by load", "-")
        if math.isfinite(limit.rate):
            rates = (_rate(limit.rate), f"{_rate(limit.low)} to {_rate(limit.high)}")
        table.add_row(Text(own.name), per_cent(own.at_most, ".0f"), *rates)
    return table


def _services(plan: CapacityPlan) -> FittedTable:
    figures = map(number_column, ("sustains /s", "week's peak /s", "headroom"))
    table = FittedTable(name_column("service"), *figures, note_column("reached"))
    for own in plan.services:
        peak = "-" if own.peak is None else _rate(own.peak)
        room = "-" if own.headroom is None else per_cent(own.headroom, ".0f")
        table.add_row(Text(own.service), _rate(own.rate), peak, room, Text(reached(own, plan.until_us)))
    return table


def _rate(value: float) -> str:
    return number(value, ".1f") if math.isfinite(value) else "any"


def _json(plan: CapacityPlan) -> dict[str, Any]:
    fields = asdict(plan)
    fields["ends_first"] = ends_first(plan)
    for own, row in zip(plan.services, fields["services"], strict=True):
        row |= {"headroom": own.headroom, "reached": reached(own, plan.until_us)}
    finite: dict[str, Any] = _finite(fields)
    return finite


def _finite(value: Any) -> Any:
    """Return the value with null for what JSON cannot say: a rate or week that is never reached."""
    if isinstance(value, dict):
        return {key: _finite(own) for key, own in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(own) for own in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
