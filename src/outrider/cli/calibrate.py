"""`outrider calibrate`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from rich.console import Console

from outrider.app.runtime import judge_settings, open_store, workspace_here
from outrider.cli.run import Progress
from outrider.cli.telling import name_of
from outrider.model import TooFewSamples, UsageError
from outrider.runs import primary_series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.baselines import Calibration
    from outrider.store import Series


@click.command(epilog="Example: outrider calibrate '*checkout*'")
@click.argument("pattern", default="*")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def calibrate(pattern: str, *, as_json: bool) -> None:
    """Say what the judge's sensitivity means on the stored history of checks, and what another would cost.

    PATTERN is a check's id, with * for any characters. Two weeks of history are needed.
    """
    from fnmatch import fnmatchcase  # noqa: PLC0415 - only where used

    import numpy as np  # noqa: PLC0415 - only where used

    from outrider.baselines import months_per_series, sensitivities  # noqa: PLC0415 - SciPy is slow to import

    workspace = workspace_here()
    settings = judge_settings(workspace)
    progress = Progress(Console(stderr=True))
    told: list[dict[str, object]] = []
    with open_store(workspace) as store:
        for check in (one for one in store.checks() if fnmatchcase(one.id, pattern)):
            found = primary_series(store, check.id)
            for series in found:
                progress.say(f"{name_of(check.id)}: {series.step}")
                points = store.samples(series)
                own = {
                    "direction": settings.direction,
                    "tz": settings.tz,
                    "floor_ms": settings.floor_ms,
                    "months": months_per_series(settings.months, len(_beside(series, found))),
                }
                at = points.at_us.astype("datetime64[us]").astype("datetime64[s]")
                try:
                    low, now, high = sensitivities(at, points.value, np.random.default_rng(1), settings=own)
                except TooFewSamples as error:
                    progress.stop()
                    click.echo(f"{name_of(check.id)} {series.step}: {error.what}", err=True)
                    continue
                options = {"lower": low, "now": now, "higher": high}
                told.append(
                    {"check": check.id, "step": series.step}
                    | {name: _as_json(one, settings.months, own["months"]) for name, one in options.items()}
                )
    progress.stop()
    if not told:
        raise UsageError("no series has two weeks of history", slug="too-few-days", fix="let checks run for two weeks")
    if as_json:
        click.echo(json.dumps(told))
        return
    for row in told:
        click.echo(f"{name_of(str(row['check']))}  {row['step']}")
        for name in ("lower", "now", "higher"):
            click.echo(f"  {name:7} {_sentence(row[name])}")
    click.echo(
        'set it below [baselines] in outrider.toml: months_per_false_alert = N, "one false alert per check in N months"'
    )


def _beside(series: Series, found: Sequence[Series]) -> list[Series]:
    """Return the series of the same place, which share the check's budget."""
    place = (series.environment, series.location)
    return [one for one in found if (one.environment, one.location) == place]


def _as_json(found: Calibration, check_months: float, series_months: object) -> dict[str, object]:
    share = found.months / series_months if isinstance(series_months, int | float) else 1.0
    return {
        "months_per_false_alert": round(check_months * share, 2),
        "false_per_month": round(found.false_per_month, 4),
        "false_per_month_upper": round(found.false_upper, 4),
        "smallest_step": found.smallest_step,
        "simulated_months": round(found.simulated_months, 1),
    }


def _sentence(row: object) -> str:
    assert isinstance(row, dict)
    step = row["smallest_step"]
    seen = f"sees a step of {step:+.0%} within a day" if step else "sees no step that was tried within a day"
    return (
        f"(months_per_false_alert = {row['months_per_false_alert']:g}): {row['false_per_month']:.2f} false alerts a "
        f"month on this series, at most {row['false_per_month_upper']:.2f}; {seen}"
    )
