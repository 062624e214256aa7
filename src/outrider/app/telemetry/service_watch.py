"""Services that spans tell of -> aggregates of the store, which the judge watches: five minutes at a time."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from outrider.baselines import excesses
from outrider.model import (
    CALL_ERRORS,
    CALL_P95,
    DURATION,
    FAILING,
    REQUESTS,
    AggregateSample,
    Histogram,
    NodeKind,
    Subject,
    SubjectKind,
    merged,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from outrider.app.telemetry.operation_watch import OperationWatch
    from outrider.app.telemetry.progress_mark import ProgressMark
    from outrider.model import AggregateLog, RatePoint, ServiceReader

PERIOD_S: Final = 300
SETTLED_S: Final = 200
"""How long after its end a period is stored: calls of a minute are counted two minutes after it."""

_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400
_FIRST_S: Final = 3 * _DAY_S
_NS: Final = 10**9
_US: Final = 10**6
_P95: Final = 0.95
_LEAST_REQUESTS: Final = 20
"""Fewer in five minutes make no percentile."""

_BUSY: Final = 60.0
"""Requests in five minutes, on average of a day, from which on their number is judged."""

_CALLS_OF_A_SERVICE: Final = 20


class _Usual(NamedTuple):
    """What is usual of a service: the share of errors of a week, and requests in five minutes of a day."""

    error_share: float
    requests: float


class ServiceWatch:
    """Stores what the judge watches of services, and says how far it came in a file; storing twice changes nothing.

    Args:
        reader: Of the telemetry.
        aggregates: Where it is stored.
        environment: Which environment the traffic is of.
        mark: Until when it is stored. At first, the last three days are.
        operations: Judges the operations of services; None if nothing does.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        reader: ServiceReader,
        aggregates: AggregateLog,
        environment: str,
        mark: ProgressMark,
        *,
        operations: OperationWatch | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._reader = reader
        self._aggregates = aggregates
        self._environment = environment
        self._mark = mark
        self._operations = operations
        self._clock = clock
        self._usual: Mapping[str, _Usual] = {}
        self._usual_of_s = -1

    def look(self) -> int:
        """Store an hour at most of what has settled; return how many periods are left.

        Raises:
            TelemetryError: If the telemetry cannot be asked.
            StoreError: If the store cannot be written.
        """
        settled_s = int(self._clock() - SETTLED_S) // PERIOD_S * PERIOD_S
        left = self._look_at_operations(settled_s)  # before their service, whose incident quotes them
        begin_s = max(self._mark.until_s, settled_s - _FIRST_S)
        end_s = min(settled_s, begin_s + _HOUR_S)
        if end_s <= begin_s:
            return left
        if end_s < settled_s and not self._had_services(begin_s, settled_s):
            end_s = settled_s
        else:
            self._aggregates.record([*self._own(begin_s, end_s), *self._calls(begin_s, end_s)])
        self._mark.move(end_s)
        return max(left, (settled_s - end_s) // PERIOD_S)

    def _had_services(self, begin_s: int, end_s: int) -> bool:
        """Return whether there were any in that time or the week before it, of which one might have fallen silent."""
        return bool(self._reader.services((begin_s - 7 * _DAY_S) * _NS, end_s * _NS, with_synthetic=True))

    def _look_at_operations(self, settled_s: int) -> int:
        if self._operations is None:
            return 0
        samples, left = self._operations.look(settled_s)
        if samples:
            self._aggregates.record(samples)
        return left

    def _own(self, begin_s: int, end_s: int) -> Iterator[AggregateSample]:
        usual = self._usual_at(begin_s)
        minutes = self._reader.service_points(begin_s * _NS, end_s * _NS, every_s=_MINUTE_S)
        for service in sorted({*minutes, *usual}):
            subject = Subject.of(SubjectKind.SERVICE, service or "unknown_service")
            normal = usual.get(service, _Usual(0.01, 0.0))
            points = minutes.get(service, ())
            errors, counts = np.array([(point.errors, point.count) for point in points]).reshape(-1, 2).T
            for point, excess in zip(points, excesses(errors, counts, normal.error_share).tolist(), strict=True):
                yield self._sample(subject, "", FAILING, (point.at_s, float(excess)))
            periods = _by_period(points)
            for at_s in range(begin_s, end_s, PERIOD_S):
                count, durations = periods.get(at_s, (0, Histogram()))
                p95 = durations.quantile(_P95)
                if p95 is not None and count >= _LEAST_REQUESTS:
                    yield self._sample(subject, "", DURATION, (at_s, p95))
                if normal.requests >= _BUSY:
                    yield self._sample(subject, "", REQUESTS, (at_s, float(count)))

    def _calls(self, begin_s: int, end_s: int) -> Iterator[AggregateSample]:
        periods = range(begin_s, end_s, PERIOD_S)
        if len(periods) > 1 and not self._reader.dependencies(begin_s * _NS, end_s * _NS):
            return  # an hour without calls, of many when the last days are caught up with
        for at_s in periods:
            left: defaultdict[str, int] = defaultdict(lambda: _CALLS_OF_A_SERVICE)
            for call in self._reader.dependencies(at_s * _NS, (at_s + PERIOD_S) * _NS):
                source, p95 = call.source, call.durations.quantile(_P95)
                if source.kind is not NodeKind.SERVICE or p95 is None or call.count < _LEAST_REQUESTS:
                    continue
                if left[source.name] > 0:
                    left[source.name] -= 1
                    subject = Subject.of(SubjectKind.SERVICE, source.name)
                    step = f"{call.target.kind.value}:{call.target.name}"
                    yield self._sample(subject, step, CALL_P95, (at_s, p95))
                    yield self._sample(subject, step, CALL_ERRORS, (at_s, 100 * call.error_share))

    def _sample(self, subject: Subject, step: str, metric: str, point: tuple[int, float]) -> AggregateSample:
        at_s, value = point
        return AggregateSample(subject, step, metric, self._environment, "", at_s * _US, value)

    def _usual_at(self, at_s: int) -> Mapping[str, _Usual]:
        """Return what was usual before a time, read anew each hour; the last hour does not count as usual."""
        hour_s = at_s // _HOUR_S * _HOUR_S
        if hour_s != self._usual_of_s:
            begin_s, end_s = hour_s - 7 * _DAY_S, hour_s - _HOUR_S
            hours = self._reader.service_points(begin_s * _NS, end_s * _NS, every_s=_HOUR_S, with_durations=False)
            self._usual = {service: _usual(points, hour_s) for service, points in hours.items()}
            self._usual_of_s = hour_s
        return self._usual


def _usual(points: Sequence[RatePoint], hour_s: int) -> _Usual:
    count, errors = (sum(values) for values in zip(*((point.count, point.errors) for point in points), strict=True))
    day = [point.count for point in points if point.at_s >= hour_s - _DAY_S]
    return _Usual((errors + 1) / (count + 100), sum(day) / (_DAY_S / PERIOD_S))


def _by_period(points: Sequence[RatePoint]) -> dict[int, tuple[int, Histogram]]:
    grouped: defaultdict[int, list[RatePoint]] = defaultdict(list)
    for point in points:
        grouped[point.at_s // PERIOD_S * PERIOD_S].append(point)
    return {
        at_s: (sum(point.count for point in own), merged(Histogram(point.durations) for point in own))
        for at_s, own in grouped.items()
    }
