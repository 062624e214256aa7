"""`outrider calibrate`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from outrider.app import calibrate_checks, chance_of_all, display_name, find_workspace, open_store
from outrider.cli.completed_names import complete_checks
from outrider.cli.echo import echo
from outrider.cli.progress import Progress
from outrider.model import per_cent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.app import Sensitivity, SeriesSensitivity

_UNLIKELY = 0.05
_WEEKS_A_MONTH = 365.2425 / 12 / 7
_BY_BURSTS = frozenset({"tail", "extreme"})
_MEANING = (
    "A false alert here is one on your own past: whole days of it, drawn at random into histories of seven weeks, of\n"
    "which the judge learns three and is counted on four. Past problems count as false, too. The sensitivity is\n"
    'months_per_false_alert = N below [baselines] in outrider.toml: "one false alert per check in N months".'
)


@click.command(epilog="Example: outrider calibrate '*checkout*'")
@click.argument("pattern", shell_complete=complete_checks, default="*")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def calibrate(pattern: str, *, as_json: bool) -> None:
    """Show the rate of false alarms and the smallest change that is detected, by sensitivity, on stored history.

    PATTERN is the id of a check, or of another subject with numbers of its own such as a service, with * for any
    characters. Two weeks of history are needed. The rate is compared with the one that was asked for, and told by the
    part of the judge that fired: level, shape, spread, tail or extreme.
    """
    workspace = find_workspace()
    with open_store(workspace) as store, Progress() as progress:
        calibrated = calibrate_checks(workspace, store, pattern, listener=progress)
    if as_json:
        click.echo(json.dumps([asdict(series) for series in calibrated]))
        return
    for line in calibration_lines(calibrated):
        echo(line)


def calibration_lines(calibrated: Sequence[SeriesSensitivity]) -> Iterator[str]:
    """Yield what calibrations mean: of each series, of all together, and in general."""
    for series in calibrated:
        yield f"{display_name(series.check)}  {series.step}".rstrip()
        for name, option in (("lower", series.lower), ("now", series.now), ("higher", series.higher)):
            yield f"  {name:6}  {_sentence(option)}"
        yield f"  {_compared([series.now])}{_advice(series)}"
    if len(calibrated) > 1:
        yield f"all {len(calibrated)} series: {_compared([series.now for series in calibrated])}"
    yield _MEANING


def _sentence(option: Sensitivity) -> str:
    step = option.smallest_step
    seen = (
        f"sees a step of {per_cent(step, '+.0f')} within a day" if step else "sees no step that was tried within a day"
    )
    by_part = ", ".join(f"{part} {often:.2f}" for part, often in option.by_part.items())
    parts = f" ({by_part})" if by_part else ""
    return (
        f"(months_per_false_alert = {option.months_per_false_alert:g}): {option.false_per_month:.2f} false alerts a "
        f"month on this series{parts}, at most {option.false_per_month_upper:.2f}; {option.expected_per_month:.2f} "
        f"asked for; {seen}"
    )


def _compared(options: Sequence[Sensitivity]) -> str:
    """Return how many false alerts there were beside how many were to be expected, and whether chance explains it."""
    alerts, expected = (
        sum(option.false_alerts for option in options),
        sum(option.expected_alerts for option in options),
    )
    weeks = sum(option.simulated_months for option in options) * _WEEKS_A_MONTH
    chance = chance_of_all(options)
    counts = f"{alerts} false alerts in {weeks:.0f} simulated weeks, {expected:.1f} expected"
    if alerts <= expected:
        return f"{counts}: as calm as asked for"
    if chance >= _UNLIKELY:
        return f"{counts}: chance explains that (p = {chance:.2f})"
    return f"{counts}: more than chance explains (p = {max(chance, 0.001):.3f})"


def _advice(series: SeriesSensitivity) -> str:
    """Return what to do about a series that alerts more often than was asked for; empty for others."""
    now = series.now
    if now.false_alerts <= now.expected_alerts:
        return ""
    day, count = max(now.by_day.items(), key=lambda item: item[1])
    if count > 1 and count * 2 > now.false_alerts:
        return f"; {count} of them began on the runs of {day}: if something was wrong then, they are not false"
    if now.chance >= _UNLIKELY:
        return "; nothing to do"
    is_burst = next(iter(now.by_part)) in _BY_BURSTS
    why = "slow runs come in bursts" if is_burst else "the level wanders for hours"
    calmer = series.lower
    if calmer.false_per_month <= now.expected_per_month:
        return f"; {why}: months_per_false_alert = {calmer.months_per_false_alert:g} is as calm as asked for"
    return f"; {why}, and a lower sensitivity does not help: a higher floor_ms does if the changes are small"
