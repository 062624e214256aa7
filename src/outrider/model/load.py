"""What a load profile measured: requests by endpoint and time, against the load of that time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.model.histogram import Histogram, merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from outrider.model.identity import RunId
    from outrider.model.outcome import Outcome


@dataclass(frozen=True, slots=True)
class EndpointLoad:
    """Requests of one name; response times in ms.

    Attributes:
        endpoint: Method and name as Locust reports them.
        succeeded: From sending to the end of the answer.
        failed: The same, of those that failed.
        intended: Of all of them, from when they should have been sent; None where nothing says when.
        received_bytes: Bodies of the answers.
        unanswered: How old requests were that had no answer when the load ended, or their user was stopped.
    """

    endpoint: str
    succeeded: Histogram = field(default_factory=Histogram)
    failed: Histogram = field(default_factory=Histogram)
    intended: Histogram | None = None
    received_bytes: int = 0
    unanswered: Histogram = field(default_factory=Histogram)

    @property
    def times(self) -> Histogram:
        """Response times of all requests; of those without an answer, their age: at least that long."""
        return merged((self.succeeded, self.failed, self.unanswered))

    @property
    def requests(self) -> int:
        """How many were sent, whether or not an answer came."""
        return self.succeeded.total + self.failed.total + self.unanswered.total

    @property
    def failure_share(self) -> float:
        """Failed ones out of all, 0 to 1; zero without any."""
        return self.failed.total / max(1, self.requests)


@dataclass(frozen=True, slots=True)
class LoadInterval:
    """A stretch of the load, usually a second.

    Attributes:
        offset_s: Of its beginning, from the start of the load.
        users: At its end.
        workers: Processes that made the load.
        cpu_share: Of one processor, by the busiest process that made the load; 1 is all of it.
        lag_ms: The latest that an event loop of the generator was.
        late_s: How late arrivals started at its end, where a rate of arrivals was asked for.
        asked_users: Users that were asked for at its end, for judging it; None where that is unknown, as after storing.
    """

    offset_s: float
    length_s: float
    users: int
    workers: int
    cpu_share: float
    lag_ms: float
    late_s: float = 0.0
    endpoints: tuple[EndpointLoad, ...] = ()
    asked_users: int | None = None

    @property
    def requests_per_s(self) -> float:
        """The rate of requests that succeeded, over all endpoints."""
        return sum(endpoint.succeeded.total for endpoint in self.endpoints) / self.length_s


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Requests or users that failed in the same way; `samples` are some of the messages, whole."""

    endpoint: str
    message: str
    count: int
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ForegroundRun:
    """A journey's run under load; `steps` are durations [ms] by title, `users` the load when it began."""

    run: RunId
    offset_s: float
    users: int
    outcome: Outcome
    steps: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoadResult:
    """A load from start to end.

    Attributes:
        tail: Requests that were open when the load ended; they belong to no interval.
    """

    intervals: tuple[LoadInterval, ...] = ()
    failures: tuple[FailureGroup, ...] = ()
    foreground: tuple[ForegroundRun, ...] = ()
    tail: tuple[EndpointLoad, ...] = ()

    @property
    def endpoints(self) -> tuple[EndpointLoad, ...]:
        """The requests of the whole load, in the order in which endpoints were first seen."""
        timed = (endpoint for interval in self.intervals for endpoint in interval.endpoints)
        return by_endpoint((*timed, *self.tail))

    @property
    def rates(self) -> Mapping[str, float]:
        """Requests that succeeded in a second of the load, by endpoint."""
        timed = by_endpoint(endpoint for interval in self.intervals for endpoint in interval.endpoints)
        return {endpoint.endpoint: endpoint.succeeded.total / max(self.length_s, 1e-9) for endpoint in timed}

    @property
    def length_s(self) -> float:
        """How long it lasted."""
        last = self.intervals[-1] if self.intervals else None
        return last.offset_s + last.length_s if last else 0.0

    @property
    def most_users(self) -> int:
        """The highest number of users."""
        return max((interval.users for interval in self.intervals), default=0)


def by_endpoint(parts: Iterable[EndpointLoad]) -> tuple[EndpointLoad, ...]:
    """Return the parts merged by endpoint."""
    groups: dict[str, list[EndpointLoad]] = {}
    for part in parts:
        groups.setdefault(part.endpoint, []).append(part)
    return tuple(_whole(endpoint, group) for endpoint, group in groups.items())


def altogether(parts: Iterable[EndpointLoad]) -> EndpointLoad:
    """Return the parts merged, whatever their endpoint."""
    return _whole("all", list(parts))


def _whole(endpoint: str, parts: list[EndpointLoad]) -> EndpointLoad:
    """Merge; where only some requests say when they should have been sent, the others were sent in time."""
    intended = None
    if any(part.intended is not None for part in parts):
        intended = merged(part.times if part.intended is None else part.intended for part in parts)
    return EndpointLoad(
        endpoint,
        merged(part.succeeded for part in parts),
        merged(part.failed for part in parts),
        intended,
        sum(part.received_bytes for part in parts),
        merged(part.unanswered for part in parts),
    )
