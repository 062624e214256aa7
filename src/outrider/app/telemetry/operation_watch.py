"""Operations of services -> which of them deviate, stored beside their service's aggregates; judged in one batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import structlog

from outrider.baselines import BatchJudge, Period
from outrider.model import (
    DURATION,
    FAILING,
    OPERATION_METRICS,
    REQUESTS,
    USUAL,
    AggregateSample,
    MovedOperation,
    OutriderError,
    Subject,
    SubjectKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrider.baselines import Moves
    from outrider.model import OperationCount, ServiceReader

log = structlog.get_logger("outrider.telemetry")

PERIOD_S: Final = 300
MOST_OPERATIONS: Final = 20_000
MOST_MOVED: Final = 20
"""Of a service at a time, the worst ones."""

NAMELESS: Final = "(no name)"
_HOUR_S: Final = 3600
_AT_ONCE_S: Final = 900
_LEARNED_S: Final = 49 * _HOUR_S
"""What is read again after a start: a day to learn from, and the longest that a deviation lasts."""

_NS, _US = 10**9, 10**6
_METRICS: Final = (DURATION, REQUESTS, FAILING)
"""In the order of the first axis of `Moves`."""

_Name = tuple[str, str]


class OperationWatch:
    """Judges the operations of all services period by period; its memory is read anew when a process begins.

    Args:
        reader: Of the telemetry.
        environment: Which environment the traffic is of.
    """

    def __init__(self, reader: ServiceReader, environment: str) -> None:
        self._reader = reader
        self._environment = environment
        self._judge = BatchJudge()
        self._places: dict[_Name, int] = {}
        self._next_s = 0
        self._before: Moves | None = None

    def look(self, settled_s: int) -> tuple[list[AggregateSample], int]:
        """Judge some of what has settled; return what deviates, and how many periods are left.

        Raises:
            TelemetryError: If the telemetry cannot be asked.
        """
        begin_s = max(self._next_s, settled_s - _LEARNED_S)
        end_s = min(settled_s, begin_s + _AT_ONCE_S)
        if end_s < settled_s and not self._places and not self._had_services(begin_s, settled_s):
            self._next_s = settled_s
            return [], 0
        samples: list[AggregateSample] = []
        for at_s in range(begin_s, end_s, PERIOD_S):
            counts = self._counts(at_s)
            if counts is not None:
                samples += self._samples(at_s, counts)
            self._next_s = at_s + PERIOD_S
        self._forget(end_s)
        return samples, max(0, settled_s - end_s) // PERIOD_S

    def _had_services(self, begin_s: int, end_s: int) -> bool:
        return bool(self._reader.services(begin_s * _NS, end_s * _NS, with_synthetic=True))

    def _counts(self, at_s: int) -> Sequence[OperationCount] | None:
        """Return what was counted; None where that takes the engine too much, which no service has to wait for."""
        try:
            return self._reader.operation_counts(at_s * _NS, (at_s + PERIOD_S) * _NS, every_s=PERIOD_S)
        except OutriderError as error:
            if error.slug != "telemetry-limit":
                raise
            log.warning("operations are not judged for five minutes", reason=error.what)
            return None

    def _samples(self, at_s: int, counts: Sequence[OperationCount]) -> Iterator[AggregateSample]:
        whole: dict[str, int] = {}
        for count in counts:
            whole[count.service] = whole.get(count.service, 0) + count.count
            name = (count.service, count.operation)
            if name not in self._places and len(self._places) < MOST_OPERATIONS:
                self._places[name] = len(self._places)
        requests, errors = np.zeros((2, len(self._places)), np.int64)
        p95_ms = np.full(len(self._places), np.nan)
        for count in counts:
            place = self._places.get((count.service, count.operation))
            if place is not None:
                requests[place], errors[place], p95_ms[place] = count.count, count.errors, count.p95_ms
        of_whole = np.array([whole.get(service, 0) for service, _ in self._places], np.int64)
        moves = self._judge.judge(at_s, Period(requests, errors, p95_ms, of_whole))
        if self._before is not None:  # what is noticed in its second period began in the first
            began = np.zeros_like(self._before.since_s)
            began[:] = (moves.since_s == at_s - PERIOD_S)[:, : began.shape[1]] * (at_s - PERIOD_S)
            yield from self._stored(at_s - PERIOD_S, self._before._replace(since_s=began))
        yield from self._stored(at_s, moves)
        self._before = moves

    def _stored(self, at_s: int, moves: Moves) -> Iterator[AggregateSample]:
        for service, moved in self._moved(moves).items():
            subject = Subject.of(SubjectKind.SERVICE, service or "unknown_service")
            for operation in sorted(moved, key=lambda own: (-own.times, own.operation, own.metric))[:MOST_MOVED]:
                metric = OPERATION_METRICS[operation.metric]
                for stored, value in ((metric, operation.value), (metric + USUAL, operation.usual)):
                    yield AggregateSample(
                        subject, operation.operation, stored, self._environment, "", at_s * _US, value
                    )

    def _moved(self, moves: Moves) -> Mapping[str, list[MovedOperation]]:
        by_service: dict[str, list[MovedOperation]] = {}
        metrics, places = np.nonzero((moves.since_s > 0) & np.isfinite(moves.value) & np.isfinite(moves.usual))
        if not len(places):
            return by_service
        names = list(self._places)
        for metric, place in zip(metrics.tolist(), places.tolist(), strict=True):
            service, operation = names[place]
            moved = MovedOperation(
                operation or NAMELESS, _METRICS[metric], int(moves.since_s[metric, place]) * _US,
                float(moves.value[metric, place]), float(moves.usual[metric, place]),
            )  # fmt: skip
            by_service.setdefault(service, []).append(moved)
        return by_service

    def _forget(self, at_s: int) -> None:
        """Forget operations that nothing has entered by for a day."""
        gone = self._judge.gone(at_s)
        if gone.any():
            self._judge.keep(~gone)
            self._before = None
            kept = [name for name, is_gone in zip(self._places, gone.tolist(), strict=True) if not is_gone]
            self._places = {name: place for place, name in enumerate(kept)}
