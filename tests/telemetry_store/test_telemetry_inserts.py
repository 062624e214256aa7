"""Batches in tables and rollups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.telemetry_store.samples import NOW_NS, log_record, point, span

from outrider.model import (
    ExponentialValue,
    GaugeValue,
    Histogram,
    HistogramValue,
    Origin,
    SpanEvent,
    SpanLink,
    SummaryValue,
    SumValue,
)
from outrider.telemetry_store.telemetry_inserts import TelemetryTables

if TYPE_CHECKING:
    from outrider.model import MetricValue
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient


def test_a_record_is_stored_as_it_came(shared: ClickHouseClient, service: str) -> None:
    """Whatever the text holds, it is read back."""
    body = "it's\n\tü💡 \\ {x} \x00"
    record = log_record(
        service, body, trace_id="c" * 32, span_id="d" * 16, severity_text="ERROR", severity_number=17,
        attributes={"key": "it's=\n", "empty": ""}, event_name="checkout", origin=Origin.LOAD,
    )  # fmt: skip

    TelemetryTables(shared).insert_logs([record], token=service)

    columns = (
        "toUnixTimestamp64Nano(Timestamp), TraceId, SpanId, SeverityNumber, Body, LogAttributes, EventName, Origin"
    )
    [row] = shared.query(
        f"SELECT {columns} FROM outrider.otel_logs WHERE ServiceName = {{s:String}}", {"s": service}
    ).rows
    assert row == (record.time_ns, "c" * 32, "d" * 16, 17, body, record.attributes, "checkout", "load")


def test_a_repeated_batch_changes_neither_rows_nor_any_rollup(shared: ClickHouseClient, service: str) -> None:
    """Whoever does not know whether a batch was stored sends it again."""
    tables = TelemetryTables(shared)
    records = [log_record(service, attributes={"tenant": "acme"}) for _ in range(10)]
    spans = [span(service, attributes={"tenant": "acme"}) for _ in range(10)]

    for _ in range(3):
        tables.insert_logs(records, token=f"{service}-logs")
        tables.insert_spans(spans, token=f"{service}-spans")

    rollups = (
        "logs_1m", "operations_1m", "services_1h", "services_1m", "instances_1h", "log_facets", "span_facets",
    )  # fmt: skip
    counts = {"otel_logs": "count()", "otel_traces": "count()"} | {f"outrider_{name}": "sum(n)" for name in rollups}
    sql = " UNION ALL ".join(
        f"SELECT '{table}' AS name, toUInt64({count}) AS n FROM outrider.{table} WHERE ServiceName = {{s:String}}"
        for table, count in counts.items()
    )
    assert dict(shared.query(sql, {"s": service}).rows) == dict.fromkeys(counts, 10)


def test_the_rollup_of_spans_merges_to_the_exact_histogram(shared: ClickHouseClient, service: str) -> None:
    """Buckets made in SQL are those of `Histogram`, and merge with ours; spans that are not kept count alike."""
    durations_ms = [0.0, 0.0005, 0.5, 1, 1.02, 17.3, 20, 250, 3600, 86_400_000]
    spans = [span(service, ago_s=30 * i, duration_ms=ms) for i, ms in enumerate(durations_ms)]
    failed = span(service, duration_ms=17.3, status="Error")
    tables = TelemetryTables(shared)

    tables.insert_spans([*spans, failed._replace(sample_rate=3)], token=service)
    for _ in range(2):
        tables.count_spans([failed, failed], token=f"{service}-counted")

    [row] = shared.query(
        "SELECT sum(n), sum(errors), sum(total_ns), sumMap(buckets) FROM outrider.outrider_operations_1m"
        " WHERE ServiceName = {s:String}", {"s": service},
    ).rows  # fmt: skip
    everything = [*durations_ms, *[17.3] * 3]
    assert row[:3] == (13, 3, sum(round(ms * 1e6) for ms in everything))
    assert row[3] == Histogram.of(everything).counts


def test_events_and_links_stay_with_their_span(shared: ClickHouseClient, service: str) -> None:
    """A span with none stands beside one with several."""
    event = SpanEvent(NOW_NS, "exception", {"exception.type": "KeyError"})
    link = SpanLink("e" * 32, "f" * 16, "k=v", {"why": "batch"})
    spans = [span(service), span(service, name="POST /", events=(event, event), links=(link,))]

    TelemetryTables(shared).insert_spans(spans, token=service)

    columns = "SpanName, Events.Name, Events.Attributes, Links.TraceId, Links.Attributes"
    rows = shared.query(
        f"SELECT {columns} FROM outrider.otel_traces WHERE ServiceName = {{s:String}} ORDER BY SpanName", {"s": service}
    ).rows
    assert [tuple(map(list, row[1:])) for row in rows] == [
        ([], [], [], []),
        (["exception"] * 2, [event.attributes] * 2, ["e" * 32], [link.attributes]),
    ]


def test_what_looks_like_an_identifier_is_no_facet(shared: ClickHouseClient, service: str) -> None:
    """A list of facets that grows with every row would be as large as the rows."""
    attributes = {
        "tenant": "acme",
        "order": "4711123",
        "trace": "deadbeef01",
        "long": "x" * 65,
        "status": "404",
        "no": "",
    }

    TelemetryTables(shared).insert_logs([log_record(service, attributes=attributes)], token=service)

    rows = shared.query(
        "SELECT Key, Value FROM outrider.outrider_log_facets WHERE ServiceName = {s:String} ORDER BY Key",
        {"s": service},
    ).rows
    assert rows == [("status", "404"), ("tenant", "acme")]


@pytest.mark.parametrize(
    "case",
    [
        ("gauge", GaugeValue(1.5), "Value", (1.5,)),
        ("sum", SumValue(7, is_delta=True), "Value, IsMonotonic, AggregationTemporality", (7.0, True, 1)),
        ("histogram", HistogramValue(3, 6.0, (1, 2), (5.0,)), "Count, Sum, BucketCounts, ExplicitBounds",
         (3, 6.0, [1, 2], [5.0])),
        ("exponential_histogram", ExponentialValue(3, 6.0, 2, 1, -4, (1, 1)),
         "Scale, ZeroCount, PositiveOffset, PositiveBucketCounts", (2, 1, -4, [1, 1])),
        ("summary", SummaryValue(3, 6.0, ((0.5, 2.0), (0.99, 3.0))),
         "ValueAtQuantiles.Quantile, ValueAtQuantiles.Value", ([0.5, 0.99], [2.0, 3.0])),
        ("summary", SummaryValue(0, 0.0, ()), "ValueAtQuantiles.Quantile", ([],)),
    ],
)  # fmt: skip
def test_every_kind_of_point_has_its_table(
    shared: ClickHouseClient, service: str, case: tuple[str, MetricValue, str, tuple[object, ...]]
) -> None:
    """Tables and columns are those of the collector's exporter."""
    table, value, columns, stored = case
    tables = TelemetryTables(shared)
    tables.insert_metrics([point(service, value), point(f"{service}-other", GaugeValue(0))], token=service)

    rows = shared.query(
        f"SELECT {columns} FROM outrider.otel_metrics_{table} WHERE ServiceName = {{s:String}}", {"s": service}
    ).rows
    assert [tuple(list(v) if isinstance(v, list | tuple) else v for v in row) for row in rows] == [stored]


def test_an_empty_batch_is_stored_at_once(shared: ClickHouseClient) -> None:
    """Nothing is no error."""
    tables = TelemetryTables(shared)

    tables.insert_logs([], token="none")
    tables.insert_spans([], token="none")
    tables.insert_metrics([], token="none")
