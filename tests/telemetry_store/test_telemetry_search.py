"""What queries find, count and sum up."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from tests.telemetry_store.samples import NOW_NS, SECOND_NS, log_record, span
from tests.telemetry_store.test_query_grammar import PIECES

from outrider.model import (
    LogRecord,
    Origin,
    RecordKind,
    Span,
    SpanEvent,
    SpanLink,
    TelemetryUnavailable,
)
from outrider.telemetry_store.query_terms import QueryError
from outrider.telemetry_store.telemetry_inserts import TelemetryTables
from outrider.telemetry_store.telemetry_search import QueryLimits, TelemetrySearch

if TYPE_CHECKING:
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

SERVICE = "searched"


@pytest.fixture(scope="module")
def records() -> list[LogRecord]:
    """Logs of one service, the oldest first."""
    rows: list[tuple[str, int, dict[str, str], dict[str, str]]] = [
        ("Order 4711 created", 9, {"order_id": "4711", "tenant": "acme", "duration": "120"}, {}),
        (
            "payment Timed out after 30 s",
            17,
            {"order_id": "4711", "tenant": "acme", "duration": "900.5"},
            {"zone": "a"},
        ),
        ("card_expired for ÜBER user", 13, {"tenant": "big corp", "path": "/healthz"}, {"zone": "b"}),
        ("100% done_ \\ 'quoted'", 0, {"empty": "", "status": "503"}, {"zone": "b"}),
        ("out of time", 21, {"path": "/api/orders", "status": "404", "trap": "a*b"}, {"tenant": "resource"}),
    ]
    return [
        log_record(SERVICE, body, ago_s=60 - i, severity_number=number, attributes=attributes, resource=resource)
        for i, (body, number, attributes, resource) in enumerate(rows)
    ]


@pytest.fixture(scope="module")
def search(shared: ClickHouseClient, records: list[LogRecord]) -> TelemetrySearch:
    """A store with those logs."""
    records[1] = records[1]._replace(trace_id="ab" * 16, span_id="cd" * 8)
    TelemetryTables(shared).insert_logs(records, token=SERVICE)
    return TelemetrySearch(shared, clock=lambda: NOW_NS)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [0, 1, 2, 3, 4]),
        ("TIMED", [1]),
        ("timed out", [1]),
        ('"timed out"', [1]),
        ('"out timed"', []),
        ("out", [1, 4]),
        ("ou", []),
        ("tim*", [1, 4]),
        ("card_expired", [2]),
        ("expired_card", []),
        ("ÜBER", [2]),
        ("100%", [3]),
        ("\"done_ \\\\ 'quoted'\"", [3]),
        ("level:error", [1]),
        ("level>=error", [1, 4]),
        ("level>error", [4]),
        ("level>=err", [1, 4]),
        ("level:critical", [4]),
        ("level<=warn", [0, 2, 3]),
        ("level:unknown", [3]),
        ("level:[warn, fatal]", [2, 4]),
        ("level!=info", [1, 2, 3, 4]),
        ("order_id:4711", [0, 1]),
        ("-order_id:4711", [2, 3, 4]),
        ("order_id!=4711", [2, 3, 4]),
        ("tenant!=[acme, resource]", [2, 3]),
        ("-zone:b", [0, 1, 4]),
        ('-empty:""', [0, 1, 2, 4]),
        ('tenant:"big corp"', [2]),
        ("tenant:[acme, resource]", [0, 1, 4]),
        ("tenant:a*", [0, 1]),
        ("tenant:*e*", [0, 1, 4]),
        ('trap:"a*b"', [4]),
        ('tenant:"a*"', []),
        ("zone:b", [2, 3]),
        ("has:zone", [1, 2, 3]),
        ("-zone:*", [0, 4]),
        ("has:empty", [3]),
        ('empty:""', [3]),
        ("duration>500ms", [1]),
        ("duration<=120", [0]),
        ("status>=404 status<500", [4]),
        ("status:5*", [3]),
        ("path:/api/* OR path:/healthz", [2, 4]),
        ("(order_id:4711 OR level:fatal) -created", [1, 4]),
        ("trace:ABABABAB-ABABABABABABABABABABABAB", [1]),
        ("trace:abab*", [1]),
        ("has:trace", [1]),
        ("body:created", [0]),
        ("since:58s until:57s", [2]),
        ("since:1d until:1h", []),
    ],
)
def test_a_query_finds_what_it_says(
    search: TelemetrySearch, records: list[LogRecord], query: str, found: list[int]
) -> None:
    """Words, attributes, comparisons, patterns and time; the newest first."""
    matches = search.search_logs(f"service:{SERVICE} {f'({query})' if ' OR ' in query else query}")

    assert [records.index(record) for record in matches.rows] == found[::-1]


def test_the_newest_come_first_and_the_rest_is_told(search: TelemetrySearch, records: list[LogRecord]) -> None:
    """A limit says that there are more."""
    matches = search.search_logs(f"service:{SERVICE}", limit=2)

    assert (matches.rows, matches.is_complete) == ((records[4], records[3]), False)
    assert search.search_logs(f"service:{SERVICE}", limit=5).is_complete


@given(PIECES)
@hypothesis_settings(max_examples=40)
def test_whatever_is_typed_is_answered_or_refused_by_us(search: TelemetrySearch, query: str) -> None:
    """The engine never sees a statement that it cannot read."""
    try:
        matches = search.search_logs(query, limit=3)
    except QueryError:
        return

    assert all(first.time_ns >= second.time_ns for first, second in pairwise(matches.rows))


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        ("count", 5), ("errors", 2), ("sum(duration)", 1020.5), ("avg(duration)", 510.25), ("min(duration)", 120),
        ("max(duration)", 900.5), ("uniq(tenant)", 4), ("p50(duration)", pytest.approx(120, rel=0.01)),
        ("p50(nothing)", None), ("sum(tenant)", None), ("rate", pytest.approx(5 / 3600)), (" max( status ) ", 503),
    ],
)  # fmt: skip
def test_a_measure_sums_up_what_matches(search: TelemetrySearch, measure: str, value: object) -> None:
    """A measure without values is None, not zero."""
    table = search.measure(RecordKind.LOGS, f"service:{SERVICE}", measure=measure)

    assert table.rows == ((value,),)


def test_spans_that_stand_for_others_count_for_them(shared: ClickHouseClient, service: str) -> None:
    """Nine of ten traces were left out by their share, and all that failed kept: neither count nor share is wrong."""
    kept = [span(service, duration_ms=100, sample_rate=10, attributes={"n": "2"}) for _ in range(7)]
    failed = [span(service, duration_ms=400, status="Error", attributes={"n": "-4"}) for _ in range(3)]
    rest = [span(service, duration_ms=0, attributes={})]
    TelemetryTables(shared).insert_spans([*kept, *failed, *rest], token=service)
    search = TelemetrySearch(shared, clock=lambda: NOW_NS)
    wanted = {
        "count": 74, "errors": 3, "rate": 74 / 3600, "sum(duration)": 8200, "avg(duration)": 8200 / 74,
        "max(duration)": 400, "min(duration)": 0, "p50(duration)": 100, "p95(duration)": 100, "p99(duration)": 400,
        "avg(n)": 128 / 73, "p1(n)": -4, "sum(n)": 128, "uniq(status)": 2,
    }  # fmt: skip

    query = f"service:{service}"
    measured = {name: search.measure(RecordKind.SPANS, query, measure=name).rows[0][0] for name in wanted}
    durations, failures = search.span_durations(query)
    (facet,) = search.facet_counts(RecordKind.SPANS, query, ["status"])

    assert measured == {name: pytest.approx(value, rel=0.01) for name, value in wanted.items()}
    assert search.measure(RecordKind.SPANS, query, measure="p50(nothing)").rows == ((None,),)
    assert search.measure(RecordKind.SPANS, query, measure="avg(nothing)").rows == ((None,),)
    assert (durations.total, failures.total) == (74, 3)
    assert dict(facet.values) == {"Unset": 71, "Error": 3}


@pytest.mark.parametrize(
    "measure", ["", "p95", "p100(x)", "median(duration)", "count(x)", "sum()", "1; DROP TABLE x", "p(x)"]
)
def test_what_is_no_measure_says_so(search: TelemetrySearch, measure: str) -> None:
    """The message lists those that there are."""
    with pytest.raises(QueryError, match="is no measure"):
        search.measure(RecordKind.LOGS, "", measure=measure)


def test_measures_are_grouped_by_keys_and_time(search: TelemetrySearch) -> None:
    """Groups are in order of time, else the largest first."""
    by_tenant = search.measure(RecordKind.LOGS, f"service:{SERVICE}", by=["tenant", "level"])
    by_time = search.measure(RecordKind.LOGS, f"service:{SERVICE}", measure="errors", every_s=10)

    assert by_tenant.columns == ("tenant", "level", "count")
    assert ("big corp", "warn", 1.0) in by_tenant.rows
    assert ("resource", "fatal", 1.0) in by_tenant.rows
    assert by_time.columns == ("time", "errors")
    assert sum(float(row[1] or 0) for row in by_time.rows) == 2
    assert all(float(row[0] or 0) % 10 == 0 for row in by_time.rows)


def test_counts_by_minute_come_from_the_rollup_and_are_the_same(search: TelemetrySearch) -> None:
    """A histogram of a day reads counts, not records; a word makes it read records."""
    query = f"service:{SERVICE} level>=warn"
    from_counts = search.measure(RecordKind.LOGS, query, by=["level"], every_s=60)
    from_records = search.measure(RecordKind.LOGS, f'{query} -"never said"', by=["level"], every_s=60)

    assert from_counts.rows == from_records.rows
    assert sum(float(row[2] or 0) for row in from_counts.rows) == 3


def test_too_much_is_refused(search: TelemetrySearch, shared: ClickHouseClient) -> None:
    """Periods, keys, and what a query may read are bounded."""
    with pytest.raises(QueryError, match="more than 2000 periods"):
        search.measure(RecordKind.LOGS, "since:1d", every_s=1)
    with pytest.raises(QueryError, match="more than 3 keys"):
        search.measure(RecordKind.LOGS, "", by=["a", "b", "c", "d"])
    narrow = TelemetrySearch(shared, limits=QueryLimits(rows_read=2, is_measuring=lambda: True))
    with pytest.raises(TelemetryUnavailable, match="too many rows"):
        narrow.search_logs("order since:1d")


def test_a_pattern_that_could_be_tried_for_ever_ends(
    shared: ClickHouseClient, search: TelemetrySearch, service: str
) -> None:
    """Of sixty stars, on a text that matches all but its last letter; likewise as the value of an attribute."""
    text = "a" * 30_000
    TelemetryTables(shared).insert_logs([log_record(service, text, attributes={"order": text})], token=service)

    stars = "a*" * 60 + "b"

    assert search.search_logs(f"service:{service} {stars}").rows == ()
    assert search.search_logs(f"service:{service} order:{stars}").rows == ()
    assert len(search.search_logs(f"service:{service} {'a*' * 60}").rows) == 1


def test_spans_are_read_back_whole_and_make_their_trace(shared: ClickHouseClient, service: str) -> None:
    """A trace is in order of time, whatever order it came in."""
    trace = service.removeprefix("service-").rjust(32, "0")
    event = SpanEvent(NOW_NS, "exception", {"exception.type": "KeyError"})
    child = span(
        service, "SELECT orders", ago_s=59, trace_id=trace, span_id="2" * 16, parent_span_id="1" * 16, kind="Client",
        events=(event,), links=(SpanLink("e" * 32, "f" * 16, "", {}),), attributes={"db": "pg"}, status="Error",
    )  # fmt: skip
    root = span(service, trace_id=trace, span_id="1" * 16, origin=Origin.SYNTHETIC, sample_rate=4)
    TelemetryTables(shared).insert_spans([child, root], token=service)
    search = TelemetrySearch(shared, clock=lambda: NOW_NS)

    assert search.trace(trace.upper()) == (root, child)
    assert search.trace("f" * 31) == ()
    assert search.search_spans(f"service:{service} status:error kind:client db:pg").rows == (child,)
    assert search.search_spans(f'service:{service} name:"select orders" duration>=20ms').rows == (child,)
    assert search.search_spans(f"service:{service} origin:synthetic get").rows == (root,)
    assert search.measure(RecordKind.SPANS, f"service:{service}", measure="p50(duration)").rows[0][0] == pytest.approx(
        20, rel=0.01
    )


def test_services_and_operations_tell_rate_errors_and_duration(shared: ClickHouseClient, service: str) -> None:
    """What a service calls is no request of its own, and probers' traffic is left out unless asked for."""
    spans: list[Span] = [
        *(span(service, "GET /", duration_ms=100) for _ in range(8)),
        span(service, "GET /", duration_ms=900, status="Error"),
        span(service, "POST /", duration_ms=5000, sample_rate=2),
        span(service, "SELECT", kind="Client", parent_span_id="1" * 16),
        span(service, "GET /", origin=Origin.SYNTHETIC),
    ]
    tables = TelemetryTables(shared)
    tables.insert_spans(spans, token=service)
    tables.count_spans([span(service, "POST /", duration_ms=5000)], token=f"{service}-counted")
    search = TelemetrySearch(shared)
    since_ns, until_ns = NOW_NS - 3600 * SECOND_NS, NOW_NS + 3600 * SECOND_NS

    for start_ns in (since_ns, since_ns - 24 * 3600 * SECOND_NS):  # by minute, and by hour
        [rates] = [rates for rates in search.services(start_ns, until_ns) if rates.service == service]
        assert (rates.count, rates.errors, rates.operation) == (11, 1, "")
        assert rates.durations.quantile(0.5) == pytest.approx(100, rel=0.01)
        assert rates.error_share == pytest.approx(1 / 11)
    everything = search.services(since_ns, until_ns, with_synthetic=True)
    assert [rates.count for rates in everything if rates.service == service] == [12]
    operations = search.operations(service, since_ns, until_ns)
    assert [(rates.operation, rates.count) for rates in operations] == [("POST /", 2), ("GET /", 9), ("SELECT", 1)]


def test_facets_list_the_most_frequent_values(shared: ClickHouseClient, service: str) -> None:
    """Keys with the most records come first; identifiers, which nearly every record has another of, do not come."""
    attributes = [{"tenant": "acme", "region": "eu"}, {"tenant": "acme"}, {"tenant": "corp"}]
    attributes += [{"order": str(number), "zone": f"z{number % 12}", "card": "***"} for number in range(120)]
    TelemetryTables(shared).insert_logs([log_record(service, attributes=item) for item in attributes], token=service)

    facets = TelemetrySearch(shared).facets(
        RecordKind.LOGS, NOW_NS - 3600 * SECOND_NS, NOW_NS + SECOND_NS, service=service
    )

    zone, *others = facets
    assert (zone.key, {count for _, count in zone.values}, len(zone.values)) == ("zone", {10}, 10)
    assert [(facet.key, facet.values) for facet in others] == [
        ("tenant", (("acme", 2), ("corp", 1))),
        ("region", (("eu", 1),)),
    ]


def test_a_list_goes_on_where_it_ended_also_among_records_of_one_time(shared: ClickHouseClient, service: str) -> None:
    """Every record comes once, however many share a time."""
    rows = [log_record(service, f"line {i}", ago_s=30 + i // 4) for i in range(10)]
    TelemetryTables(shared).insert_logs(rows, token=service)
    search = TelemetrySearch(shared, clock=lambda: NOW_NS)

    bodies, position, pages = [], None, 0
    while pages == 0 or position is not None:
        page = search.search_logs(f"service:{service}", limit=3, before=position)
        bodies += [record.body for record in page.rows]
        position, pages = page.following, pages + 1

    assert sorted(bodies) == sorted(row.body for row in rows)
    assert pages == 4


def test_what_surrounds_a_record_is_of_its_service_alone(shared: ClickHouseClient, service: str) -> None:
    """Before and after it, in the order of the list; the record itself is the first of those before."""
    rows = [log_record(service, f"line {i}", ago_s=50 - i) for i in range(9)]
    TelemetryTables(shared).insert_logs([*rows, log_record(f"{service}-other", ago_s=46)], token=service)
    search = TelemetrySearch(shared, clock=lambda: NOW_NS)

    until, later = search.surrounding_logs(service, rows[4].time_ns, limit=3)

    assert [record.body for record in later] == ["line 7", "line 6", "line 5"]
    assert [record.body for record in until] == ["line 4", "line 3", "line 2"]


def test_facets_are_counted_among_what_matches(search: TelemetrySearch) -> None:
    """By the keys that are asked for, an attribute of the record before one of its resource."""
    facets = search.facet_counts(RecordKind.LOGS, f"service:{SERVICE} has:tenant", ["level", "tenant", "absent"])

    counts = {facet.key: dict(facet.values) for facet in facets}
    assert counts["tenant"] == {"acme": 2, "big corp": 1, "resource": 1}
    assert set(counts) == {"level", "tenant"}
