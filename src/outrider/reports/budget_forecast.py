"""Forecasts of error budgets at the failure rate of the period. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from outrider.model import Outcome
from outrider.reports.facts import Forecast
from outrider.runs import CONCLUSIVE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrider.model import Tally
    from outrider.reports.facts import Health
    from outrider.reports.period import Period

BUDGET_DAYS = 28
FEWEST_RUNS = 30
_DAY_HOURS = 24
WHAT = f"the error budget of {BUDGET_DAYS} days is used up"


def breaches(
    health: Sequence[Health], month: Iterable[Tally], objective: float, period: Period
) -> tuple[list[Forecast], int]:
    """Return which budgets will surely be used up within 28 days, the soonest first, and how many have no forecast.

    A budget is the failures that the objective allows among the runs of 28 days. What the last 28 days used is gone;
    the rest lasts for as long as it takes at the period's share of failures, whose 95 % interval (Clopper and Pearson)
    gives that of the days; one that may last longer is left out. A check with fewer than 30 conclusive runs in
    the period has none.

    Args:
        month: Tallies of the 28 days that end with the period.
    """
    counts: dict[tuple[str, str, str], Counter[Outcome]] = defaultdict(Counter)
    for tally in month:
        counts[tally.check, tally.environment, tally.location][tally.outcome] += tally.runs
    forecasts, untold = [], 0
    for check in health:
        if check.availability is None:
            continue
        if check.availability.total < FEWEST_RUNS:
            untold += 1
            continue
        forecast = _breach(check, counts[check.check, check.environment, check.location], objective, period)
        if forecast is not None:
            forecasts.append(forecast)
    return sorted(forecasts, key=lambda forecast: forecast.days), untold


def _breach(health: Health, used: Counter[Outcome], objective: float, period: Period) -> Forecast | None:
    availability = health.availability
    assert availability is not None
    failed = availability.total - availability.good
    if not failed:
        return None
    per_day = availability.total / (period.hours / _DAY_HOURS)
    runs = sum(used[outcome] for outcome in CONCLUSIVE)
    allowed = (1 - objective) * max(per_day * BUDGET_DAYS, runs)
    left = max(0.0, allowed - used[Outcome.FAILED])
    days, earliest, latest = (
        left / (share * per_day) for share in (1 - availability.share, 1 - availability.low, 1 - availability.high)
    )
    if latest > BUDGET_DAYS:
        return None
    return Forecast(health.name, WHAT, days, earliest, latest, availability.total)
