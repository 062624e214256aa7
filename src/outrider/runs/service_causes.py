"""What a service that got worse suffers from: which of its calls got worse at the same time, and as much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from outrider.model import CALL_ERRORS, CALL_P95

if TYPE_CHECKING:
    from outrider.model import Series, SeriesReader, Subject

_BEFORE_US = 86_400 * 1_000_000
_MARGIN_US = 600 * 1_000_000
_LEAST_BEFORE = 4
_RATIO, _LEAST_MS = 1.2, 5.0
_LEAST_PERCENT = 2.0


def worse_calls(
    reader: SeriesReader, subject: Subject, environment: str, *, since_us: int, at_us: int, failing: bool
) -> tuple[str, ...]:
    """Return what a service calls that is slower (or fails more) since then than in the day before, the worst first.

    Args:
        reader: Of its calls' durations and failures, which are stored beside its own.
        subject: The service.
        environment: Where.
        since_us: When it got worse, microseconds UTC.
        at_us: Until when.
        failing: Whether failures are compared, else durations.

    Returns:
        `KIND:NAME`, as `service:pay` or `database:postgresql orders`.
    """
    metric = CALL_ERRORS if failing else CALL_P95
    calls = [series for series in reader.of(subject) if series.metric == metric and series.environment == environment]
    rises = {series.step: _rise(reader, series, since_us, at_us, failing) for series in calls}
    worse = [step for step, rise in rises.items() if rise > 0]
    return tuple(sorted(worse, key=lambda step: (-rises[step], step)))


def _rise(reader: SeriesReader, series: Series, since_us: int, at_us: int, failing: bool) -> float:
    """Return by how much a call got worse; zero if it did not to speak of, or too little is known."""
    points = reader.samples(series, since_us=since_us - _BEFORE_US, until_us=at_us + 1)
    before = points.value[points.at_us < since_us - _MARGIN_US]
    during = points.value[points.at_us >= since_us]
    if len(before) < _LEAST_BEFORE or not len(during):
        return 0.0
    usual, now = float(np.median(before)), float(np.median(during))
    rise = now - usual
    if failing:
        return rise if rise >= max(_LEAST_PERCENT, usual) else 0.0
    return rise if rise >= _LEAST_MS and now >= _RATIO * usual else 0.0
