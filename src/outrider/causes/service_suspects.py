"""Suspects of a service that got worse: itself and all that it depends on, by what is stored of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from outrider.causes.suspect_order import Observed, rank_suspects
from outrider.model import CALL_ERRORS, CALL_P95, DURATION, FAILING, Subject, SubjectKind

if TYPE_CHECKING:
    from outrider.baselines import FloatArray
    from outrider.causes.suspect_order import Suspect
    from outrider.model import Series, SeriesReader

_US: Final = 10**6
_PERIOD_US: Final = 300 * _US
_USUAL_PERIODS: Final = 288
_LATELY_PERIODS: Final = 72
_MARGIN_PERIODS: Final = 2
_MOST_SERVICES: Final = 1_000
_LEAST_SHARE: Final = 0.05
_LEAST_FAILING: Final = 0.01


@dataclass(frozen=True, slots=True)
class WorseService:
    """A service that got worse.

    Attributes:
        since_us: Since when, microseconds UTC; until when it is looked at is `until_us`.
        is_failing: Whether it fails more often, else it is slower.
    """

    service: Subject
    environment: str
    since_us: int
    until_us: int
    is_failing: bool


def service_suspects(reader: SeriesReader, worse: WorseService, *, most: int = _MOST_SERVICES) -> tuple[Suspect, ...]:
    """Return what the service depends on, itself included, the likeliest root first; none where too little is known.

    Compared are five minutes each of the day before it got worse with those since, six hours at most. Names of
    services are as spans have them, those of others as in `KIND:NAME`. Of more services than `most` there are none: the
    root may be among those that were not looked at.
    """
    walk = _Walk(reader, worse)
    ahead = [worse.service]
    while ahead:
        service = ahead.pop()
        if service in walk.calls:
            continue
        if len(walk.calls) == most:
            return ()
        ahead += walk.visit(service)
    suspects = rank_suspects(walk.observed, walk.calls, worse.service)
    return tuple(replace(suspect, name=_name(Subject(suspect.name))) for suspect in suspects)


@dataclass(slots=True)
class _Walk:
    """Services as far as they were visited: whom they call, and what was seen of all of them."""

    reader: SeriesReader
    worse: WorseService
    calls: dict[str, list[Subject]] = field(default_factory=dict)
    observed: dict[str, Observed] = field(default_factory=dict)

    def visit(self, service: Subject) -> list[Subject]:
        """Look at a service; return whom it calls of those that were not looked at."""
        own_metric, call_metric = (FAILING, CALL_ERRORS) if self.worse.is_failing else (DURATION, CALL_P95)
        series = [own for own in self.reader.of(service) if own.environment == self.worse.environment]
        for own in series:
            if own.metric == own_metric and not own.step:
                self.observed[service] = self._observed(own, 1.0)
        called = [own for own in series if own.metric == call_metric]
        callees = {own: Subject(own.step) for own in called}
        for own, callee in callees.items():
            if callee.kind is not SubjectKind.SERVICE and callee not in self.observed:
                self.observed[callee] = self._observed(own, 0.01 if self.worse.is_failing else 1.0)
        self.calls[service] = list(callees.values())
        return [callee for callee in callees.values() if callee.kind is SubjectKind.SERVICE]

    def _observed(self, series: Series, unit: float) -> Observed:
        begin_us = self.worse.since_us // _PERIOD_US * _PERIOD_US
        end_us = min(self.worse.until_us, begin_us + _LATELY_PERIODS * _PERIOD_US)
        usual = self._periods(series, begin_us - _USUAL_PERIODS * _PERIOD_US, begin_us - _MARGIN_PERIODS * _PERIOD_US)
        lately = self._periods(series, begin_us, end_us)
        known = usual[np.isfinite(usual)]
        share = _LEAST_SHARE * abs(float(np.median(known))) * unit if len(known) else 0.0
        return Observed(usual * unit, lately * unit, _LEAST_FAILING if self.worse.is_failing else share)

    def _periods(self, series: Series, begin_us: int, end_us: int) -> FloatArray:
        """Return the mean of each five minutes, NaN where there is none."""
        points = self.reader.samples(series, since_us=begin_us, until_us=end_us)
        count = max(-(-(end_us - begin_us) // _PERIOD_US), 1)
        place = ((points.at_us - begin_us) // _PERIOD_US).astype(np.intp)
        sums, sizes = (np.bincount(place, weights, count) for weights in (points.value, None))
        return np.asarray(np.divide(sums, sizes, out=np.full(count, np.nan), where=sizes > 0))


def _name(callee: Subject) -> str:
    return callee.name if callee.kind is SubjectKind.SERVICE else str(callee)
