"""Forecasts of error budgets at the failure rate of the period. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import replace
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
_HOUR_US = 3_600_000_000


def budget_since_us(period: Period) -> int:
    """Return when the time of error budgets begins: 28 days before the period's end, or with a longer period."""
    return min(period.since_us, period.until_us - BUDGET_DAYS * _DAY_HOURS * _HOUR_US)


def budget_name(period: Period) -> str:
    """Return what the budget is for: "28 days", or "this month", as a longer period is called."""
    return period.words[1] if period.hours > BUDGET_DAYS * _DAY_HOURS else f"{BUDGET_DAYS} days"


def with_budgets(health: Sequence[Health], spent: Iterable[Tally], objective: float, period: Period) -> list[Health]:
    """Return the health with the share of the error budget that is used.

    Args:
        spent: Tallies from `budget_since_us` to the period's end.
    """
    counts = _by_place(spent)
    return [
        replace(
            check, budget_used=_used(check, counts[check.check, check.environment, check.location], objective, period)
        )
        for check in health
    ]


def _used(health: Health, spent: Counter[Outcome], objective: float, period: Period) -> float | None:
    if health.availability is None:
        return None
    failed = spent[Outcome.FAILED]
    allowed = _allowed(health.availability.total, spent, objective, period)
    return failed / allowed if allowed else math.inf if failed else 0.0


def _allowed(total: int, spent: Counter[Outcome], objective: float, period: Period) -> float:
    """Return how many runs may fail: of those in the budget's time, or as many as this period's pace makes of them."""
    expected = total * (period.until_us - budget_since_us(period)) / (period.until_us - period.since_us)
    return round((1 - objective) * max(expected, sum(spent[outcome] for outcome in CONCLUSIVE)), 9)


def _by_place(tallies: Iterable[Tally]) -> dict[tuple[str, str, str], Counter[Outcome]]:
    counts: dict[tuple[str, str, str], Counter[Outcome]] = defaultdict(Counter)
    for tally in tallies:
        counts[tally.check, tally.environment, tally.location][tally.outcome] += tally.runs
    return counts


def breaches(
    health: Sequence[Health], month: Iterable[Tally], objective: float, period: Period
) -> tuple[list[Forecast], int]:
    """Return which budgets will surely be used up within 28 days, the soonest first, and how many have no forecast.

    A budget is the failures that the objective allows among the runs of 28 days. What the last 28 days used is gone;
    the rest lasts for as long as it takes at the period's share of failures, whose 95 % interval (Clopper and Pearson)
    gives that of the days; one that may last longer, or is used up already, is left out. A check with fewer than 30
    conclusive runs in the period has none.

    Args:
        month: Tallies from `budget_since_us` to the period's end.
    """
    counts = _by_place(month)
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
    left = max(0.0, _allowed(availability.total, used, objective, period) - used[Outcome.FAILED])
    if not left:
        return None  # the table of checks says so
    days, earliest, latest = (
        left / (share * per_day) for share in (1 - availability.share, 1 - availability.low, 1 - availability.high)
    )
    if latest > BUDGET_DAYS:
        return None
    what = f"at this pace, the error budget of {budget_name(period)} will be used up"
    return Forecast(health.name, what, days, earliest, latest, availability.total)
