"""`outrider calibrate`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from outrider.app import calibrate_checks, display_name, find_workspace, open_store
from outrider.cli.progress import Progress

if TYPE_CHECKING:
    from outrider.app import Sensitivity


@click.command(epilog="Example: outrider calibrate '*checkout*'")
@click.argument("pattern", default="*")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def calibrate(pattern: str, *, as_json: bool) -> None:
    """Show the rate of false alarms and the smallest change that is detected, by sensitivity, on stored history.

    PATTERN is a check's id, with * for any characters. Two weeks of history are needed.
    """
    workspace = find_workspace()
    with open_store(workspace) as store, Progress() as progress:
        calibrated = calibrate_checks(workspace, store, pattern, listener=progress)
    if as_json:
        click.echo(json.dumps([asdict(series) for series in calibrated]))
        return
    for series in calibrated:
        click.echo(f"{display_name(series.check)}  {series.step}")
        click.echo(f"  lower   {_sentence(series.lower)}")
        click.echo(f"  now     {_sentence(series.now)}")
        click.echo(f"  higher  {_sentence(series.higher)}")
    click.echo(
        'set it below [baselines] in outrider.toml: months_per_false_alert = N, "one false alert per check in N months"'
    )


def _sentence(option: Sensitivity) -> str:
    step = option.smallest_step
    seen = f"sees a step of {step:+.0%} within a day" if step else "sees no step that was tried within a day"
    by_part = ", ".join(f"{part} {often:.2f}" for part, often in option.by_part.items())
    parts = f" ({by_part})" if by_part else ""
    return (
        f"(months_per_false_alert = {option.months_per_false_alert:g}): {option.false_per_month:.2f} false alerts a "
        f"month on this series{parts}, at most {option.false_per_month_upper:.2f}; {seen}"
    )
