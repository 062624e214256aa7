"""What spans tell of services: whom they call, what they run as, and which statements they send."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from outrider.model.histogram import BUCKET_VALUE, RATIO, Histogram

if TYPE_CHECKING:
    from collections.abc import Mapping


DURATION, REQUESTS, FAILING = "duration_ms", "requests", "failing"
SERVICE_METRICS = frozenset({DURATION, REQUESTS, FAILING})
"""What is judged of a service: the p95 of its requests and their number by five minutes, and minutes (one or zero) in
which more of them fail than usual."""

PAGE_PERIOD_MINUTES, PAGE_SERIES = 15, 4
"""A page of real users is judged by quarters of an hour: the 75th percentiles of three vitals (`DURATION`), and those
in which more visits meet errors than usual (`FAILING`, one or zero)."""

RULE_VALUE = "rule_value"
"""The measure of a rule over a query, once a period; the step is the value of the key it is told apart by."""

RULE_VALUE_KEPT_S = 86_400
"""So long after its last record a value of a rule's key counts as 0; then it is let go."""

OTHER_VALUES = "other"
"""What stands for the values of a key that are not told apart."""

CALL_P95 = "call_p95_ms"
CALL_ERRORS = "call_errors_percent"
"""What informs of its calls: durations and failures by five minutes; the step is `KIND:NAME` of what it calls."""

OPERATION_METRICS = {DURATION: "operation_p95_ms", FAILING: "operation_errors", REQUESTS: "operation_requests"}
"""What informs of its operations, the step being their name: p95, share that fails (0 to 1) and number of requests of
each five minutes in which they deviate; and with `USUAL` behind it, what is usual."""

USUAL = "_usual"


class NodeKind(StrEnum):
    """What stands at an end of a dependency."""

    SERVICE = "service"
    DATABASE = "database"
    QUEUE = "queue"
    EXTERNAL = "external"


class Node(NamedTuple):
    """A service, or what services call that sends no spans: `postgresql orders`, `kafka paid`, `api.example.com`."""

    kind: NodeKind
    name: str


@dataclass(frozen=True, slots=True)
class Dependency:
    """Calls from one node to another, as the caller measures them (deliveries of a queue: as the consumer does).

    Attributes:
        durations: In milliseconds.
    """

    source: Node
    target: Node
    count: int
    errors: int
    durations: Histogram

    @property
    def error_share(self) -> float:
        """The share of failed calls, 0 to 1."""
        return self.errors / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class Deployment:
    """A `service.version` that came after another one.

    Attributes:
        at_us: The first request that it served, microseconds UTC.
    """

    service: str
    environment: str
    version: str
    previous: str
    at_us: int


@dataclass(frozen=True, slots=True)
class ServiceInstance:
    """A process or host of a service.

    Attributes:
        name: `service.instance.id`, or the pod or host; empty if nothing says.
        last_us: Its last request, microseconds UTC.
        mean_ms: Of its requests.
    """

    name: str
    version: str
    count: int
    errors: int
    mean_ms: float
    last_us: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What a service sends to a database, without its values.

    Attributes:
        system: `postgresql`, `redis`.
        total_ms: The time of all of them.
        p95_ms: Within 1 %.
    """

    system: str
    text: str
    count: int
    errors: int
    total_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class RatePoint:
    """Rate, errors and durations of a service, or an operation of it, in one period.

    Attributes:
        at_s: When it begins, seconds since 1970.
        durations: Counts by bucket of `Histogram`, in milliseconds.
    """

    at_s: int
    count: int
    errors: int
    durations: Mapping[int, int]

    def quantile(self, share: float) -> float | None:
        """Return a quantile of durations in milliseconds, within 1 %."""
        return Histogram(self.durations).quantile(share)


@dataclass(frozen=True, slots=True)
class OperationCount:
    """What entered a service by an operation in one period.

    Attributes:
        at_s: When it begins, seconds since 1970.
        p95_ms: Of durations, within 1 %.
    """

    service: str
    operation: str
    at_s: int
    count: int
    errors: int
    p95_ms: float


@dataclass(frozen=True, slots=True)
class MovedOperation:
    """An operation of a service that deviates.

    Attributes:
        metric: `DURATION`, `FAILING` or `REQUESTS`.
        since_us: Since when, microseconds UTC.
        value: The p95 in milliseconds, the share that fails (0 to 1), or requests in five minutes.
        usual: What it usually is.
    """

    operation: str
    metric: str
    since_us: int
    value: float
    usual: float

    @property
    def times(self) -> float:
        """How many times as bad as usual it is."""
        better, worse = (self.value, self.usual) if self.metric == REQUESTS else (self.usual, self.value)
        return (worse + 1e-3) / (better + 1e-3)


def apdex(durations: Histogram, error_share: float, satisfied_ms: float) -> float | None:
    """Return the Apdex (apdex.org, version 1.1): 1 if all requests are quick, 0 if none is even tolerable.

    Requests up to `satisfied_ms` count whole, up to four times as much half; failed ones count nothing, and are taken
    to have lasted as long as the others. None without requests.
    """
    total = durations.total
    if not total:
        return None
    score = 0.0
    for bucket, count in durations.counts.items():
        value_ms = BUCKET_VALUE * RATIO**bucket
        score += count * (1.0 if value_ms <= satisfied_ms else 0.5 if value_ms <= 4 * satisfied_ms else 0.0)
    return score / total * (1.0 - error_share)
