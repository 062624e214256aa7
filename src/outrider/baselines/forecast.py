"""When a budget will be breached if a trend goes on: Theil-Sen, its interval inflated for autocorrelation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.location import MAD_TO_SIGMA
from outrider.baselines.series import values_of
from outrider.model import BadSeries, TooFewSamples

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from outrider.baselines.series import FloatArray

MIN_DAYS = 14
MAX_DAYS = 400  # the slopes of all pairs are looked at
_TREND_LEVEL = 0.05  # two-sided: a weaker trend is none
_HORIZON = 4  # times the length of the history is as far as anybody may look ahead
_THEIL_SEN_EFFICIENCY = 0.91  # on Gaussian noise, evenly spaced (Sen 1968, doi:10.1080/01621459.1968.10480934)


@dataclass(frozen=True, slots=True)
class Breach:
    """When a limit will be reached.

    Attributes:
        days: Days from the last value on.
        earliest: Lower end of the interval.
        latest: Upper end; infinite where the trend might end first.
        per_day: Slope, in the unit of the values.
    """

    days: float
    earliest: float
    latest: float
    per_day: float


@dataclass(frozen=True, slots=True)
class _Line:
    """A line through days -n+1 .. 0: its value at any day is known with a standard error."""

    middle: float
    slope: float
    centre: float
    middle_error: float
    slope_error: float
    freedom: float


def days_to_breach(daily: ArrayLike, limit: float, *, coverage: float = 0.80) -> Breach | None:
    """Return when a rising trend of daily values reaches `limit`; None where there is no such trend in sight.

    Args:
        daily: One value a day, such as a p95 [ms], oldest first; NaN where a day is missing.
        limit: What must not be exceeded.
        coverage: Of the interval.

    The interval holds the days at which the line, within its error, equals the limit (Fieller 1954). Errors are
    inflated for first-order autocorrelation, whose estimate is corrected for its bias in short series with a trend
    (Kendall 1954, doi:10.1093/biomet/41.3-4.403).

    Raises:
        TooFewSamples: If fewer than 14 days have values.
        BadSeries: If the limit or the coverage is no number that can be used.
    """
    if not math.isfinite(limit) or not 0 < coverage < 1:
        raise BadSeries(f"limit = {limit}, coverage = {coverage}", slug="bad-limit", fix="a finite limit, 0.8 for 80 %")
    values = values_of(daily)[-MAX_DAYS:]
    day = np.arange(1 - len(values), 1, dtype=np.float64)
    real = np.isfinite(values)
    if int(real.sum()) < MIN_DAYS:
        raise TooFewSamples(
            f"{int(real.sum())} days with values, {MIN_DAYS} are needed", slug="too-few-days", fix="wait for more days"
        )
    return _breach(_fit(day[real], values[real]), limit, coverage, _HORIZON * len(values))


def _breach(line: _Line, limit: float, coverage: float, horizon: float) -> Breach | None:
    from scipy.special import stdtrit  # noqa: PLC0415 - only where used, and far quicker than scipy.stats

    if line.slope <= 0 or line.slope < stdtrit(line.freedom, 1 - _TREND_LEVEL / 2) * line.slope_error:
        return None
    now = line.middle - line.slope * line.centre
    days = (limit - now) / line.slope
    if days > horizon:
        return None
    if days <= 0:
        return Breach(0.0, 0.0, 0.0, line.slope)
    early, late = _fieller(line, limit, float(stdtrit(line.freedom, (1 + coverage) / 2)))
    return Breach(days, max(0.0, early), late, line.slope)


def _fieller(line: _Line, limit: float, quantile: float) -> tuple[float, float]:
    """Return the days d with |limit - line(d)| <= quantile * error(d); middle and slope are uncorrelated."""
    rise, q2 = limit - line.middle, quantile**2
    a = line.slope**2 - q2 * line.slope_error**2
    b = -2 * rise * line.slope
    c = rise**2 - q2 * line.middle_error**2
    root = math.sqrt(max(b * b - 4 * a * c, 0.0))
    if a <= 0:
        return line.centre + 2 * c / (-b + root) if root > 0 else 0.0, math.inf
    return line.centre + (-b - root) / (2 * a), line.centre + (-b + root) / (2 * a)


def _fit(day: FloatArray, value: FloatArray) -> _Line:
    early, late = np.triu_indices(len(day), 1)
    slope = float(np.median((value[late] - value[early]) / (day[late] - day[early])))
    middle_of = float(np.median(value - slope * day))
    rest = value - middle_of - slope * day
    centre, count = float(day.mean()), len(day)
    inflation = _inflation(rest, count)
    sigma = _sigma(rest) * math.sqrt(count / (count - 2) / _THEIL_SEN_EFFICIENCY * inflation)
    reach = float(((day - centre) ** 2).sum())
    freedom = max(3.0, (count - 2) / inflation)
    return _Line(middle_of + slope * centre, slope, centre, sigma / math.sqrt(count), sigma / math.sqrt(reach), freedom)


def _sigma(rest: FloatArray) -> float:
    robust = float(np.median(np.abs(rest - np.median(rest)))) * MAD_TO_SIGMA
    clipped = np.clip(rest, -3 * robust, 3 * robust) if robust > 0 else rest
    return float(np.sqrt(np.mean(clipped**2)))


def _inflation(rest: FloatArray, count: int) -> float:
    """Return the long-run variance over the variance of first-order autoregressive noise."""
    power = float((rest**2).sum())
    if power <= 0:
        return 1.0
    seen = float((rest[1:] * rest[:-1]).sum()) / power
    phi = min(max(seen + (2 + 4 * seen) / count, 0.0), 0.8)
    return (1 + phi) / (1 - phi)
