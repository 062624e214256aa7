"""Which operations of a service deviate, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from outrider.model import OPERATION_METRICS, USUAL, MovedOperation

if TYPE_CHECKING:
    from outrider.model import Series, SeriesReader, Subject

_US: Final = 10**6
_STALE_US: Final = 1200 * _US
"""A deviation that nothing was said of for so long is over: five minutes are judged up to nine minutes later."""

_LONGEST_US: Final = 86_400 * _US


def moved_operations(
    reader: SeriesReader, subject: Subject, environment: str | None = None, *, at_us: int
) -> tuple[MovedOperation, ...]:
    """Return what deviated at a time.

    Args:
        reader: Of what is stored of them, which `outrider.app` stores once in five minutes while they deviate.
        subject: The service.
        environment: Where; None for any.
        at_us: When, microseconds UTC.
    """
    series = {
        (own.environment, own.step, own.metric): own
        for own in reader.of(subject)
        if own.step and environment in {None, own.environment}
    }
    moved = [
        operation
        for (place, step, name), own in series.items()
        for metric, stored in OPERATION_METRICS.items()
        if name == stored and (usual := series.get((place, step, stored + USUAL))) is not None
        if (operation := _moved(reader, own, usual, metric, at_us)) is not None
    ]
    return tuple(sorted(moved, key=lambda own: (-own.times, own.operation, own.metric)))


def _moved(reader: SeriesReader, own: Series, usual: Series, metric: str, at_us: int) -> MovedOperation | None:
    values, usually = (
        reader.samples(series, since_us=at_us - _LONGEST_US, until_us=at_us + _US) for series in (own, usual)
    )
    if not len(values.at_us) or not len(usually.at_us) or values.at_us[-1] < at_us - _STALE_US:
        return None
    gaps = np.nonzero(np.diff(values.at_us) > _STALE_US)[0]
    first = int(gaps[-1]) + 1 if len(gaps) else 0
    return MovedOperation(own.step, metric, int(values.at_us[first]), float(values.value[-1]), float(usually.value[-1]))
