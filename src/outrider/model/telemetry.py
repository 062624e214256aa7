"""What is received of telemetry: log records, spans and points of metrics, as OpenTelemetry defines them.

`TelemetryInserts` (`outrider.model.ports`) takes them in batches. They are named tuples: at 40,000 records a second a
frozen dataclass of 14 fields costs 3.2 us of the processor to make and to hand on as columns, a named tuple made with
positional arguments 0.6 us (Python 3.11). Make them with positional arguments where they are many.

Who makes them has bounded and scrubbed them: counts, lengths, clocks, and personal data. Identifiers are lower-case
hexadecimal, "" where there is none. Times are nanoseconds since 1970 in UTC. Values of attributes are text; a list or a
map is JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

Attributes = Mapping[str, str]
"""Names and values of a resource, scope, record, span or point."""


class Origin(StrEnum):
    """Whose traffic a record, span or point belongs to; only a verified signature makes it anything but a user's."""

    USER = ""
    SYNTHETIC = "synthetic"
    LOAD = "load"


class LogRecord(NamedTuple):
    """One line of a log.

    Attributes:
        severity_number: 1 to 24 as OpenTelemetry counts them (9 is INFO, 17 ERROR); 0 where nothing says.
        service: `service.name` of the resource.
        resource: Attributes of the resource, `service.name` among them.
    """

    time_ns: int
    trace_id: str
    span_id: str
    trace_flags: int
    severity_text: str
    severity_number: int
    service: str
    body: str
    resource: Attributes
    scope_name: str
    scope_version: str
    attributes: Attributes
    event_name: str = ""
    origin: str = Origin.USER


class SpanEvent(NamedTuple):
    """What happened at one moment of a span, such as an exception."""

    time_ns: int
    name: str
    attributes: Attributes


class SpanLink(NamedTuple):
    """Another span, perhaps of another trace, that caused a span."""

    trace_id: str
    span_id: str
    trace_state: str
    attributes: Attributes


class Span(NamedTuple):
    """One operation of a service.

    Attributes:
        time_ns: Its start.
        kind: `Unspecified`, `Internal`, `Server`, `Client`, `Producer` or `Consumer`.
        status: `Unset`, `Ok` or `Error`.
        sample_rate: How many spans of the service it stands for, at least 1.
    """

    time_ns: int
    trace_id: str
    span_id: str
    parent_span_id: str
    trace_state: str
    name: str
    kind: str
    service: str
    resource: Attributes
    scope_name: str
    scope_version: str
    attributes: Attributes
    duration_ns: int
    status: str = "Unset"
    status_message: str = ""
    events: tuple[SpanEvent, ...] = ()
    links: tuple[SpanLink, ...] = ()
    origin: str = Origin.USER
    sample_rate: int = 1


class GaugeValue(NamedTuple):
    """A value at a moment."""

    value: float


class SumValue(NamedTuple):
    """A sum, cumulative since `start_ns` of its point, or of the time since then alone (`is_delta`)."""

    value: float
    is_monotonic: bool = True
    is_delta: bool = False


class HistogramValue(NamedTuple):
    """`samples` values in buckets: `counts` has one item more than `bounds`, which are upper bounds, ascending."""

    samples: int
    total: float
    counts: tuple[int, ...]
    bounds: tuple[float, ...]
    minimum: float = 0.0
    maximum: float = 0.0
    is_delta: bool = False


class ExponentialValue(NamedTuple):
    """Counts by buckets whose bounds are powers of 2 ** 2 ** -scale; bucket i of `counts` has the index offset + i."""

    samples: int
    total: float
    scale: int
    zero_count: int
    positive_offset: int
    positive_counts: tuple[int, ...]
    negative_offset: int = 0
    negative_counts: tuple[int, ...] = ()
    minimum: float = 0.0
    maximum: float = 0.0
    is_delta: bool = False


class SummaryValue(NamedTuple):
    """Quantiles as the client computed them: pairs of quantile and value."""

    samples: int
    total: float
    quantiles: tuple[tuple[float, float], ...]


MetricValue = GaugeValue | SumValue | HistogramValue | ExponentialValue | SummaryValue


class MetricPoint(NamedTuple):
    """One point of a metric."""

    time_ns: int
    start_ns: int
    service: str
    name: str
    description: str
    unit: str
    resource: Attributes
    scope_name: str
    scope_version: str
    attributes: Attributes
    value: MetricValue
