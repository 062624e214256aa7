"""The budget of false alerts that many series share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.baselines.judge_settings import MONTH_S
from outrider.baselines.series import DAY_S, BoolArray, values_of
from outrider.model import BadSeries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


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


def is_strong(chance_months: float, series: int, *, false_pages_a_week: float = 1.0) -> bool:
    """Return whether evidence is strong enough to disturb somebody at once.

    Args:
        chance_months: Of the signal: months between two such by chance alone, in one series.
        series: How many series share the budget: those of a whole workspace that may alert.
        false_pages_a_week: What people bear, of all series together.

    By chance alone a series gives such evidence once in `chance_months`, so all together give at most that many pages.

    Raises:
        BadSeries: If there is no series or no budget.
    """
    if series < 1 or not false_pages_a_week > 0:
        fix = "both must be positive"
        raise BadSeries(f"{false_pages_a_week} pages a week for {series} series", slug="bad-budget", fix=fix)
    return chance_months * MONTH_S >= series * 7 * DAY_S / false_pages_a_week


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


def discoveries(p_values: ArrayLike, *, level: float = 0.05) -> BoolArray:
    """Return which of many findings to believe, so that at most a share `level` of the believed is false.

    Benjamini and Yekutieli 2001, doi:10.1214/aos/1013699998: valid however the series depend on each other, as those of
    one fleet do.
    """
    from scipy.stats import false_discovery_control  # noqa: PLC0415 - half a second that most commands do not need

    values = values_of(p_values)
    if not ((values >= 0) & (values <= 1)).all():
        raise BadSeries("a p-value lies outside 0..1", slug="bad-p-value", fix="hand in probabilities")
    if not len(values):
        return values > 0
    believed: BoolArray = false_discovery_control(values, method="by") <= level
    return believed
