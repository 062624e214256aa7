"""The budget of false alerts that many series share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.baselines.judge_settings import MONTH_S
from outrider.baselines.series import DAY_S
from outrider.model import BadSeries

if TYPE_CHECKING:
    from collections.abc import Sequence


def months_per_series(months_per_check: float, primary_series: int) -> float:
    """Return the sensitivity of each series of a check, that together they spend the check's budget.

    Args:
        months_per_check: One false alert per check in so many months.
        primary_series: Series of the check that may alert: one a step.
    """
    if months_per_check <= 0 or primary_series < 1:
        raise BadSeries(
            f"{months_per_check} months for {primary_series} series", slug="bad-budget", fix="both must be positive"
        )
    return months_per_check * primary_series


def false_alerts_a_week(chance_months: Sequence[float], series: int, *, lasting_hours: float) -> float:
    """Return how often a week chance alone shows many series such deviations at once.

    Alerts by chance are rare and independent, so those of all series are a Poisson process; another is open at the same
    time as often as one begins within the time that they last. Company that is no rarity in so large a workspace
    does not count.

    Args:
        chance_months: Of each deviation: months between two such by chance alone, in one series.
        series: Of the whole workspace.
        lasting_hours: How long a false alert lasts on average.
    """
    begin = sorted(series * 7 * DAY_S / (months * MONTH_S) for months in chance_months)
    often = least = begin[0]
    for others, rate in enumerate(begin[1:], start=1):
        often *= rate * lasting_hours / (24 * 7) / others
        least = min(least, often)
    return least
