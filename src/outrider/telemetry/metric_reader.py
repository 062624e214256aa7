"""A request of OTLP -> points of metrics."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from outrider.model import (
    ExponentialValue,
    GaugeValue,
    HistogramValue,
    MetricPoint,
    SummaryValue,
    SumValue,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.metrics.v1 import metrics_pb2

    from outrider.model import MetricValue
    from outrider.telemetry.attribute_reader import AttributeReader

_DELTA: Final = 1
_NO_VALUE: Final = 1
"""The flag of a point that says that there is none (opentelemetry/proto/metrics/v1, DataPointFlags)."""


def read_metrics(message: ExportMetricsServiceRequest, reader: AttributeReader) -> tuple[list[MetricPoint], int]:
    """Return the points of a request, and how many were refused, since they are no numbers or of no known kind."""
    points: list[MetricPoint] = []
    refused = 0
    limits, text = reader.limits, reader.scrubber.text
    for group in message.resource_metrics:
        resource = reader.attributes(group.resource.attributes)
        service = reader.service(resource)
        own = reader.of(service=service)
        for scoped in group.scope_metrics:
            scope = text(scoped.scope.name, limits.name_characters)
            version = text(scoped.scope.version, limits.name_characters)
            for metric in scoped.metrics:
                kind = metric.WhichOneof("data")
                if kind is None:
                    continue
                name = text(metric.name, limits.name_characters)
                description = text(metric.description, limits.value_characters)
                unit = text(metric.unit, limits.name_characters)
                data = getattr(metric, kind)
                for point in data.data_points:
                    if point.flags & _NO_VALUE:
                        continue
                    value = _READERS[kind](point, data, limits.buckets)
                    if value is None or not name:
                        refused += 1
                        own.lose("metrics refused")
                        continue
                    time_ns = own.moment(point.time_unix_nano)
                    points.append(
                        MetricPoint(
                            time_ns, min(point.start_time_unix_nano, time_ns), service, name, description,
                            unit, resource, scope, version, own.attributes(point.attributes), value,
                        )
                    )  # fmt: skip
    return points, refused


def _number(point: metrics_pb2.NumberDataPoint) -> float | None:
    kind = point.WhichOneof("value")
    value = float(getattr(point, kind)) if kind is not None else math.nan
    return value if math.isfinite(value) else None


def _gauge(point: Any, _data: Any, _most: int) -> MetricValue | None:
    value = _number(point)
    return None if value is None else GaugeValue(value)


def _sum(point: Any, data: Any, _most: int) -> MetricValue | None:
    value = _number(point)
    return None if value is None else SumValue(value, data.is_monotonic, data.aggregation_temporality == _DELTA)


def _histogram(point: Any, data: Any, most: int) -> MetricValue | None:
    counts, bounds = tuple(point.bucket_counts), tuple(point.explicit_bounds)
    ascending = all(math.isfinite(high) and low < high for low, high in zip((-math.inf, *bounds), bounds, strict=False))
    if not ascending or len(counts) > most or (counts and len(counts) != len(bounds) + 1) or not _are_finite(point):
        return None
    is_delta = data.aggregation_temporality == _DELTA
    return HistogramValue(point.count, point.sum, counts, bounds, point.min, point.max, is_delta)


def _exponential(point: Any, data: Any, most: int) -> MetricValue | None:
    positive, negative = point.positive, point.negative
    if max(len(positive.bucket_counts), len(negative.bucket_counts)) > most or not _are_finite(point):
        return None
    return ExponentialValue(
        point.count, point.sum, point.scale, point.zero_count, positive.offset, tuple(positive.bucket_counts),
        negative.offset, tuple(negative.bucket_counts), point.min, point.max, data.aggregation_temporality == _DELTA,
    )  # fmt: skip


def _summary(point: Any, _data: Any, most: int) -> MetricValue | None:
    quantiles = tuple((entry.quantile, entry.value) for entry in point.quantile_values[:most])
    if not math.isfinite(point.sum) or not all(math.isfinite(number) for pair in quantiles for number in pair):
        return None
    return SummaryValue(point.count, point.sum, quantiles)


def _are_finite(point: Any) -> bool:
    return all(math.isfinite(number) for number in (point.sum, point.min, point.max))


_READERS: Final[dict[str, Callable[[Any, Any, int], MetricValue | None]]] = {
    "gauge": _gauge,
    "sum": _sum,
    "histogram": _histogram,
    "exponential_histogram": _exponential,
    "summary": _summary,
}
