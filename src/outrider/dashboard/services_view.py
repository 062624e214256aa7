"""What pages show of services: all of them, and who calls whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.alerts import Problem, read_incidents
from outrider.model import Subject, SubjectKind, apdex

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.alerts import Incident
    from outrider.model import Dependency, IncidentLog, RatePoint, ServiceReader, SpanRates

HOUR_S, DAY_S = 3600, 86_400
SPANS = {"1h": (HOUR_S, 60), "6h": (6 * HOUR_S, 300), "1d": (DAY_S, 1800), "7d": (7 * DAY_S, 6 * HOUR_S),
         "30d": (30 * DAY_S, DAY_S)}  # fmt: skip
"""Times that can be chosen: their length, and that of the periods of their lines, in seconds."""
USUAL_SPAN = "1h"

_US, _NS = 10**6, 10**9
_MOST_INCIDENTS = 200
_WARN_SHARE, _BAD_SHARE = 0.01, 0.05
_P50, _P95, _P99 = 0.5, 0.95, 0.99


@dataclass(frozen=True, slots=True)
class ServicesSpan:
    """A time that is shown, in whole periods; its last one may be under way."""

    name: str
    since_s: int
    until_s: int
    every_s: int

    @classmethod
    def of(cls, name: str, now_us: int) -> ServicesSpan:
        """Return a time by its name; the usual one for any that does not exist."""
        name = name if name in SPANS else USUAL_SPAN
        length_s, every_s = SPANS[name]
        now_s = now_us // _US
        return cls(name, (now_s - length_s) // every_s * every_s, now_s, every_s)

    @property
    def ns(self) -> tuple[int, int]:
        """Its ends in nanoseconds."""
        return self.since_s * _NS, self.until_s * _NS

    @property
    def seconds(self) -> int:
        """Its length."""
        return max(self.until_s - self.since_s, 1)

    @property
    def grid(self) -> range:
        """When its periods begin."""
        return range(self.since_s, self.until_s, self.every_s)


@dataclass(frozen=True, slots=True)
class Rates:
    """Rate, errors and durations of something in a time; durations in milliseconds, None without requests."""

    count: int
    per_minute: float
    error_share: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    apdex: float | None

    @classmethod
    def of(cls, rates: SpanRates | Dependency, span: ServicesSpan, satisfied_ms: float = 500.0) -> Rates:
        """Return the rates of what was counted in a time."""
        quantile = rates.durations.quantile
        return cls(
            rates.count, rates.count / span.seconds * 60, rates.error_share, quantile(_P50), quantile(_P95),
            quantile(_P99), apdex(rates.durations, rates.error_share, satisfied_ms),
        )  # fmt: skip

    @property
    def tone(self) -> str:
        """How many of them fail: good, warn from one in a hundred, bad from one in twenty."""
        return "bad" if self.error_share >= _BAD_SHARE else "warn" if self.error_share >= _WARN_SHARE else "good"


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A service in the table.

    Attributes:
        verdict: What its open incidents say, `calm` without one; `tone` fits it.
        incident: Id of the worst one.
        counts, failures: By period; zero where nothing came.
    """

    name: str
    rates: Rates
    verdict: str
    tone: str
    incident: str
    counts: tuple[float, ...]
    failures: tuple[float, ...]


def services_lines(
    reader: ServiceReader, log: IncidentLog, span: ServicesSpan, satisfied_ms: float
) -> tuple[ServiceLine, ...]:
    """Return all services of a time: those with incidents first, then by requests."""
    troubles = open_troubles(log)
    points = reader.service_points(*span.ns, every_s=span.every_s, with_durations=False)
    lines = [
        _line(rates, points.get(rates.service, ()), troubles.get(rates.service), span, satisfied_ms)
        for rates in reader.services(*span.ns)
    ]
    order = {"bad": 0, "warn": 1}
    return tuple(sorted(lines, key=lambda line: (order.get(line.tone, 2), -line.rates.count, line.name)))


def _line(
    rates: SpanRates,
    points: Sequence[RatePoint],
    trouble: Incident | None,
    span: ServicesSpan,
    satisfied_ms: float,
) -> ServiceLine:
    by_time = {point.at_s: point for point in points}
    own = [by_time.get(at_s) for at_s in span.grid]
    verdict, tone = verdict_of(trouble)
    return ServiceLine(
        rates.service, Rates.of(rates, span, satisfied_ms), verdict, tone, trouble.id if trouble else "",
        tuple(float(point.count) if point else 0.0 for point in own),
        tuple(float(point.errors) if point else 0.0 for point in own),
    )  # fmt: skip


def verdict_of(trouble: Incident | None) -> tuple[str, str]:
    """Return what an open incident says of a service, and its tone."""
    if trouble is None:
        return "calm", "good"
    return ("failing", "bad") if trouble.problem is Problem.FAILURE else ("degraded", "warn")


def open_troubles(log: IncidentLog) -> Mapping[str, Incident]:
    """Return the worst open incident of each service that has one."""
    worst: dict[str, Incident] = {}
    for incident in read_incidents(log.search(lasting=True, limit=_MOST_INCIDENTS)):
        for check in incident.checks:
            subject = Subject(check)
            if subject.kind is SubjectKind.SERVICE:
                known = worst.get(subject.name)
                if known is None or (incident.problem is Problem.FAILURE and known.problem is not Problem.FAILURE):
                    worst[subject.name] = incident
    return worst


def shares(counts: Sequence[float], failures: Sequence[float]) -> list[float]:
    """Return failures in percent by period; zero where nothing came."""
    return [100 * failed / count if count else 0.0 for count, failed in zip(counts, failures, strict=True)]
