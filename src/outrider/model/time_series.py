"""Numbers over time: series, their points, and what they sum up to by hour and day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from outrider.model.histogram import Histogram
    from outrider.model.identity import RunId
    from outrider.model.subject import Subject


@dataclass(frozen=True, slots=True)
class Series:
    """The identity of a sequence of numbers.

    Attributes:
        subject: What the numbers are about: a check, or anything else that is judged.
        step: Part of the subject: the step of a check, the operation of a service; empty for the whole.
        keys: Its numbers in this database: several if the subject was renamed.
    """

    subject: Subject
    step: str
    metric: str
    environment: str
    location: str
    keys: tuple[int, ...]


class Points(NamedTuple):
    """Values of a series in the order of time, both of shape (n,): microseconds UTC as int64, float64."""

    at_us: NDArray[np.int64]
    value: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SeriesPart:
    """Judged samples of a series, from a time on, as far as they were stored when a run was, or due when it was.

    Attributes:
        since_us: Due then or later, microseconds UTC.
        run: None, or one that is not stored, for all that there are.
    """

    series: Series
    since_us: int = 0
    run: RunId | None = None


@dataclass(frozen=True, slots=True)
class AggregateSample:
    """A number of a series that no run measured, such as a service's p95 of a minute.

    Attributes:
        at_us: The time that it is about, microseconds UTC.
    """

    subject: Subject
    step: str
    metric: str
    environment: str
    location: str
    at_us: int
    value: float


@dataclass(frozen=True, slots=True)
class RecordedAggregates:
    """What became of aggregates.

    Attributes:
        stored: How many are new.
        omitted: What was not stored, a line for each reason; empty if nothing. Repeated ones are not omitted.
    """

    stored: int
    omitted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnjudgedSeries:
    """A series with aggregates that are not judged yet.

    Attributes:
        writes: How often some were stored; it tells whether more came since this was read.
    """

    series: Series
    writes: int


@dataclass(frozen=True, slots=True)
class Rollup:
    """What the judged values of a series came to in an hour or a UTC day; those of two stretches add up exactly.

    Attributes:
        at_us: When the stretch begins, microseconds UTC.
        histogram: The same values again, each within 1 %.
    """

    at_us: int
    count: int
    sum: float
    min: float
    max: float
    histogram: Histogram

    def quantile(self, share: float) -> float:
        """Return the value that `share` (0 to 1) of all values do not exceed, within 1 %."""
        value = self.histogram.quantile(share)
        return self.min if value is None else min(max(value, self.min), self.max)
