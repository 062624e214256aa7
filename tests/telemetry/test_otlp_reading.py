"""Requests of OTLP, in protobuf and JSON, become bounded and scrubbed values, or a refusal that says why."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan

from outrider.model import (
    ExponentialValue,
    GaugeValue,
    HistogramValue,
    Origin,
    SummaryValue,
    SumValue,
    begin_trace,
    new_run_id,
)
from outrider.telemetry.attribute_reader import AttributeReader
from outrider.telemetry.limits import Limits
from outrider.telemetry.log_records import read_logs
from outrider.telemetry.metric_reader import read_metrics
from outrider.telemetry.otlp_body import (
    JSON,
    PROTOBUF,
    BadTelemetry,
    SignalKind,
    answer,
    failure,
    inflated,
    media_type,
    parse,
)
from outrider.telemetry.span_reader import read_spans

if TYPE_CHECKING:
    from outrider.model import LogRecord

NOW = 1_790_000_000 * 1_000_000_000
SECOND = 1_000_000_000
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def reader(**changed: Any) -> AttributeReader:
    return AttributeReader(Limits(**changed), now_ns=lambda: NOW)


def logs_document(record: dict[str, Any], service: str = "checkout") -> dict[str, Any]:
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}


def read_one(record: dict[str, Any], **changed: Any) -> LogRecord:
    message = parse(SignalKind.LOGS, json.dumps(logs_document(record)).encode(), JSON)
    assert isinstance(message, ExportLogsServiceRequest)
    return read_logs(message, reader(**changed))[0]


def test_records_of_one_millisecond_stay_in_their_order() -> None:
    """As clients with clocks of milliseconds send them; a later time is as it was sent."""
    document = logs_document({})
    times = [NOW, NOW, NOW, NOW + 1_000_000]
    document["resourceLogs"][0]["scopeLogs"][0]["logRecords"] = [{"timeUnixNano": str(time_ns)} for time_ns in times]
    message = parse(SignalKind.LOGS, json.dumps(document).encode(), JSON)
    assert isinstance(message, ExportLogsServiceRequest)

    records = read_logs(message, reader())

    assert [record.time_ns - NOW for record in records] == [0, 1, 2, 1_000_000]


def test_json_and_protobuf_say_the_same() -> None:
    """A record is the same whichever of the two media types brought it."""
    document = logs_document(
        {
            "timeUnixNano": str(NOW), "severityNumber": 17, "severityText": "ERROR", "flags": 1,
            "body": {"stringValue": "payment refused"}, "traceId": TRACE, "spanId": SPAN,
            "attributes": [
                {"key": "order", "value": {"intValue": "4711"}},
                {"key": "ratio", "value": {"doubleValue": 0.5}},
                {"key": "is_first", "value": {"boolValue": True}},
                {"key": "items", "value": {"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": 2}]}}},
                {"key": "card", "value": {"kvlistValue": {"values": [
                    {"key": "brand", "value": {"stringValue": "visa"}},
                    {"key": "token", "value": {"stringValue": "hunter2"}}]}}},
                {"key": "nothing", "value": {}},
            ],
        }
    )  # fmt: skip
    first = parse(SignalKind.LOGS, json.dumps(document).encode(), JSON)
    assert isinstance(first, ExportLogsServiceRequest)
    second = parse(SignalKind.LOGS, first.SerializeToString(), PROTOBUF)
    assert isinstance(second, ExportLogsServiceRequest)

    record = read_logs(first, reader())[0]

    assert read_logs(second, reader())[0] == record
    assert (record.trace_id, record.span_id, record.trace_flags) == (TRACE, SPAN, 1)
    assert (record.service, record.body, record.severity_number) == ("checkout", "payment refused", 17)
    assert record.attributes == {
        "order": "4711", "ratio": "0.5", "is_first": "true", "items": '["a", 2]',
        "card": '{"brand": "visa", "token": "***"}', "nothing": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given_ns", "observed_ns", "kept_ns"),
    [
        (NOW - 5 * SECOND, 0, NOW - 5 * SECOND),
        (0, NOW - SECOND, NOW - SECOND),
        (0, 0, NOW),
        (1, 0, NOW),
        (4_102_444_800 * SECOND, 0, NOW),
        (NOW + 60 * SECOND, 0, NOW + 60 * SECOND),
    ],
)
def test_a_clock_that_cannot_be_right_is_not_believed(given_ns: int, observed_ns: int, kept_ns: int) -> None:
    """A record of 1970 or 2100 gets the time at which it was received."""
    record = read_one({"timeUnixNano": str(given_ns), "observedTimeUnixNano": str(observed_ns)})

    assert record.time_ns == kept_ns


def test_what_is_beyond_a_limit_is_cut_and_counted() -> None:
    """An attribute of 10 MB, a thousand attributes and a million services end at their limits, and are told."""
    read = reader(attributes=3, value_characters=100, services=2)
    pairs = [{"key": f"a{k}", "value": {"stringValue": "x" * 10_000_000 if k == 0 else "y"}} for k in range(1000)]
    services = []
    for name in ("one", "two", "three", "one"):
        message = parse(SignalKind.LOGS, json.dumps(logs_document({"attributes": pairs}, name)).encode(), JSON)
        assert isinstance(message, ExportLogsServiceRequest)
        record = read_logs(message, read)[0]
        services.append(record.service)

    assert services == ["one", "two", "other", "one"]
    assert len(record.attributes) == 3
    assert len(record.attributes["a0"]) == 100
    assert "[cut: 10000000 characters]" in record.attributes["a0"]
    assert read.tally.counts() == {
        "attributes left out": 4 * 997, "texts cut": 4, "records of services beyond the limit": 1,
    }  # fmt: skip


def test_secrets_and_personal_data_are_gone() -> None:
    """They are hidden by the name of an attribute and by their form, in bodies, attributes and resources."""
    record = read_one(
        {
            "body": {"stringValue": "ada@example.org paid with 4242 4242 4242 4242"},
            "attributes": [{"key": "http.request.header.authorization", "value": {"stringValue": "hunter2"}}],
        }
    )

    assert record.body == "*** paid with ***"
    assert record.attributes == {"http.request.header.authorization": "***"}


SPANS = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
            "scopeSpans": [
                {
                    "scope": {"name": "lib", "version": "1"},
                    "spans": [
                        {
                            "traceId": TRACE, "spanId": SPAN, "parentSpanId": SPAN, "name": "GET /", "kind": 2,
                            "startTimeUnixNano": str(NOW - SECOND), "endTimeUnixNano": str(NOW), "unknown": {"a": 1},
                            "status": {"code": 2, "message": "boom"}, "traceState": "a=b",
                            "events": [{"timeUnixNano": str(NOW - SECOND // 2), "name": "exception"}],
                            "links": [{"traceId": TRACE, "spanId": SPAN}, {"spanId": SPAN}],
                        },
                        {"traceId": TRACE, "spanId": "00f067aa0ba902b8", "startTimeUnixNano": str(NOW),
                         "endTimeUnixNano": str(NOW - SECOND), "kind": 99, "status": {"code": 77}},
                        {"traceId": "", "spanId": SPAN},
                        {"traceId": "0" * 32, "spanId": SPAN},
                    ],
                }
            ],
        }
    ]
}  # fmt: skip


def test_spans_are_read_with_events_and_links() -> None:
    """A span that is its own parent has none, one that ends before it begins lasts 0, one without an id is refused."""
    message = parse(SignalKind.TRACES, json.dumps(SPANS).encode(), JSON)
    assert isinstance(message, ExportTraceServiceRequest)

    (first, second), refused = read_spans(message, reader())

    assert refused == 2
    assert (first.service, first.name, first.kind, first.status, first.status_message) == (
        "shop", "GET /", "Server", "Error", "boom",
    )  # fmt: skip
    assert (first.time_ns, first.duration_ns, first.parent_span_id) == (NOW - SECOND, SECOND, "")
    assert [(event.name, event.time_ns) for event in first.events] == [("exception", NOW - SECOND // 2)]
    assert [link.trace_id for link in first.links] == [TRACE]
    assert (second.kind, second.status, second.duration_ns) == ("Unspecified", "Unset", 0)


def test_events_follow_a_span_whose_clock_is_wrong() -> None:
    """Where a span gets the time at which it was received, its events keep their distance to it."""
    document = json.loads(json.dumps(SPANS))
    span = document["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    span |= {"startTimeUnixNano": "1000", "endTimeUnixNano": "3000", "events": [{"timeUnixNano": "2500", "name": "e"}]}
    message = parse(SignalKind.TRACES, json.dumps(document).encode(), JSON)
    assert isinstance(message, ExportTraceServiceRequest)

    first = read_spans(message, reader())[0][0]

    assert (first.time_ns, first.duration_ns, first.events[0].time_ns) == (NOW, 2000, NOW + 1500)


def test_a_span_is_synthetic_by_our_signature_alone() -> None:
    """The state that a probe of this workspace sent comes back with the span; it says nothing of another trace."""
    key = b"k" * 32
    trace = begin_trace(key, Origin.SYNTHETIC, new_run_id(1), attempt=1, until_s=NOW // SECOND + 60)
    span = ResourceSpans(scope_spans=[ScopeSpans(spans=[
        ProtoSpan(trace_id=bytes.fromhex(name), span_id=b"12345678", trace_state=f"outrider={trace.state}")
        for name in (trace.trace_id, TRACE)
    ])])  # fmt: skip

    spans, _ = read_spans(
        ExportTraceServiceRequest(resource_spans=[span]), AttributeReader(key=key, now_ns=lambda: NOW)
    )

    assert [span.origin for span in spans] == [Origin.SYNTHETIC, Origin.USER]


def _metric(name: str, kind: str, point: dict[str, Any], **data: Any) -> dict[str, Any]:
    return {"name": name, "unit": "ms", kind: {"dataPoints": [{"timeUnixNano": str(NOW), **point}], **data}}


def test_points_of_all_kinds_are_read() -> None:
    """Numbers and histograms that cannot be right are refused, and counted; a point that says it is none is not."""
    metrics = [
        _metric("gauge", "gauge", {"asInt": "3"}),
        _metric("sum", "sum", {"asDouble": 1.5}, isMonotonic=True, aggregationTemporality=1),
        _metric("histogram", "histogram", {"count": "3", "sum": 9, "bucketCounts": ["1", "2"], "explicitBounds": [5]}),
        _metric("exponential", "exponentialHistogram",
                {"count": "2", "sum": 3, "scale": 1, "positive": {"offset": 2, "bucketCounts": ["2"]}}),
        _metric("summary", "summary", {"count": "2", "sum": 3, "quantileValues": [{"quantile": 0.5, "value": 1}]}),
        _metric("not a number", "gauge", {"asDouble": "NaN"}),
        _metric("too few bounds", "histogram", {"count": "3", "bucketCounts": ["1", "2"], "explicitBounds": []}),
        _metric("falling bounds", "histogram", {"bucketCounts": ["1", "2", "3"], "explicitBounds": [5, 4]}),
        _metric("no value", "gauge", {"flags": 1}),
        {"name": "no data"},
    ]  # fmt: skip
    document = {"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}
    message = parse(SignalKind.METRICS, json.dumps(document).encode(), JSON)
    assert isinstance(message, ExportMetricsServiceRequest)

    points, refused = read_metrics(message, reader())

    assert refused == 3
    assert {point.name: point.value for point in points} == {
        "gauge": GaugeValue(3.0),
        "sum": SumValue(1.5, is_monotonic=True, is_delta=True),
        "histogram": HistogramValue(3, 9.0, (1, 2), (5.0,)),
        "exponential": ExponentialValue(2, 3.0, 1, 0, 2, (2,)),
        "summary": SummaryValue(2, 3.0, ((0.5, 1.0),)),
    }
    assert {(point.service, point.unit) for point in points} == {("unknown_service", "ms")}


BAD_BODIES = [
    (b"\xff\xff\xff\xff garbage", PROTOBUF, "is no logs of OTLP"),
    (b"\x0a\x00\x0a\xff", PROTOBUF, "is no logs of OTLP"),
    (b"\x0a\x0a\x12\x08\x12\x06\x2a\x04\x0a\x02\xff\xfe", PROTOBUF, "is no logs of OTLP"),
    (b"{", JSON, "is no logs of OTLP"),
    (b"[]", JSON, "is no logs of OTLP"),
    (b"null", JSON, "is no logs of OTLP"),
    (b'"text"', JSON, "is no logs of OTLP"),
    (b"\xff{}", JSON, "is no logs of OTLP"),
    (b"[" * 100_000, JSON, "is no logs of OTLP"),
    (json.dumps(logs_document({"traceId": "xyz"})).encode(), JSON, "traceId is 'xyz'"),
    (json.dumps(logs_document({"timeUnixNano": "yesterday"})).encode(), JSON, "is no logs of OTLP"),
    (json.dumps(logs_document({"attributes": {"a": 1}})).encode(), JSON, "is no logs of OTLP"),
    (json.dumps(logs_document({"timeUnixNano": "-1"})).encode(), JSON, "is no logs of OTLP"),
]


@pytest.mark.parametrize(("data", "media", "why"), BAD_BODIES)
def test_what_is_no_telemetry_is_refused(data: bytes, media: str, why: str) -> None:
    """Garbage, what is cut short, invalid UTF-8, wrong types and nesting without end get a refusal that says why."""
    with pytest.raises(BadTelemetry, match=why) as refusal:
        parse(SignalKind.LOGS, data, media)

    assert refusal.value.status == 400


@pytest.mark.parametrize(
    ("data", "encoding", "status", "why"),
    [
        (gzip.compress(b"a" * 70_000, mtime=0), "gzip", 413, "inflates to more than 65,536 bytes"),
        (gzip.compress(b"a" * 40_000, mtime=0) * 2, "gzip", 413, "inflates to more than 65,536 bytes"),
        (gzip.compress(b"text", mtime=0)[:-9], "gzip", 400, "cut short"),
        (b"no gzip", "gzip", 400, "is not gzip"),
        (b"", "br", 415, "send gzip, deflate or none"),
    ],
)
def test_a_compressed_body_is_bounded(data: bytes, encoding: str, status: int, why: str) -> None:
    """A bomb, what is damaged or cut short, and an unknown encoding are refused."""
    with pytest.raises(BadTelemetry, match=why) as refusal:
        inflated(data, encoding, Limits(inflated_bytes=65_536))

    assert refusal.value.status == status


@pytest.mark.parametrize(
    ("data", "encoding"),
    [(b"text", ""), (b"text", "identity"), (gzip.compress(b"te", mtime=0) + gzip.compress(b"xt", mtime=0), "GZIP"),
     (zlib.compress(b"text"), "deflate")],
)  # fmt: skip
def test_a_body_is_inflated(data: bytes, encoding: str) -> None:
    """By gzip, of several members too, or zlib."""
    assert inflated(data, encoding) == b"text"


def test_a_media_type_is_one_of_two() -> None:
    """Parameters and capitals do not matter; another type is refused."""
    assert media_type("Application/JSON; charset=utf-8") == JSON
    with pytest.raises(BadTelemetry, match="'text/plain': send application/x-protobuf or application/json"):
        media_type("text/plain")


def test_answers_say_what_was_refused() -> None:
    """In the media type of the request: a success in part, and a status with its message."""
    response = ExportLogsServiceResponse.FromString(answer(SignalKind.LOGS, PROTOBUF, 3, "no id"))

    assert (response.partial_success.rejected_log_records, response.partial_success.error_message) == (3, "no id")
    assert json.loads(answer(SignalKind.TRACES, JSON, 2, "no id")) == {
        "partialSuccess": {"rejectedSpans": "2", "errorMessage": "no id"}
    }
    assert answer(SignalKind.METRICS, PROTOBUF) == b""
    assert json.loads(answer(SignalKind.METRICS, JSON)) == {}
    assert json.loads(failure(JSON, "why")) == {"message": "why"}
    assert failure(PROTOBUF, "w" * 200) == b"\x12\xc8\x01" + b"w" * 200


def test_half_characters_of_a_cut_text_are_replaced() -> None:
    """Browsers send a lone surrogate where they cut a text; the record is kept, with the sign of what is missing."""
    data = json.dumps(logs_document({"body": {"stringValue": "cut \ud83d"}, "\udc00": 1})).encode()
    message = parse(SignalKind.LOGS, data, JSON)
    assert isinstance(message, ExportLogsServiceRequest)

    assert [record.body for record in read_logs(message, reader())] == ["cut \ufffd"]


def test_a_number_beyond_all_bounds_is_refused() -> None:
    """`1e400` is infinite, which no integer is."""
    data = json.dumps(logs_document({"severityNumber": "HERE"})).replace('"HERE"', "1e400").encode()
    with pytest.raises(BadTelemetry, match="no logs of OTLP"):
        parse(SignalKind.LOGS, data, JSON)


@pytest.mark.parametrize("start_ns", [NOW + 5 * SECOND, 2**64 - 1])
def test_a_point_starts_no_later_than_it_is_taken(start_ns: int) -> None:
    """A start beyond what the store can hold would make it refuse the whole batch."""
    metric = _metric("sum", "sum", {"asInt": "3", "startTimeUnixNano": str(start_ns)})
    document = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}
    message = parse(SignalKind.METRICS, json.dumps(document).encode(), JSON)
    assert isinstance(message, ExportMetricsServiceRequest)

    points, _ = read_metrics(message, reader())

    assert [(point.start_ns, point.time_ns) for point in points] == [(NOW, NOW)]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No bytes end the process or raise anything but a refusal."""
    for kind in SignalKind:
        for media in (PROTOBUF, JSON):
            try:
                parse(kind, data, media)
            except BadTelemetry:
                continue


FIELDS = (
    "resourceLogs", "resource", "scopeLogs", "logRecords", "attributes", "key", "value", "body", "stringValue",
    "intValue", "kvlistValue", "values", "traceId", "timeUnixNano",
)  # fmt: skip
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)


@settings(max_examples=60)
@given(st.recursive(PLAIN, _nested, max_leaves=25))
def test_any_json_is_read_or_refused(document: Any) -> None:
    """Whatever is nested in whatever becomes records, or a refusal."""
    try:
        message = parse(SignalKind.LOGS, json.dumps(document).encode(), JSON)
    except BadTelemetry:
        return
    assert isinstance(message, ExportLogsServiceRequest)
    records = read_logs(message, reader())
    assert len(records) == sum(len(s.log_records) for r in message.resource_logs for s in r.scope_logs)
    assert json_format.MessageToDict(message) is not None
