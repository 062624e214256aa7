"""What spans tell of services: who calls whom, versions, instances, statements, rates by time."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.telemetry_store.samples import NOW_NS, SECOND_NS, span

from outrider.model import Node, NodeKind, Origin
from outrider.telemetry_store.call_rollup import CallRollup
from outrider.telemetry_store.schema_upgrade import upgrade_schema
from outrider.telemetry_store.service_search import ServiceSearch
from outrider.telemetry_store.telemetry_inserts import TelemetryTables

if TYPE_CHECKING:
    from typing import Any

    from outrider.model import Dependency, Span
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

HOUR_NS = 3600 * SECOND_NS
SINCE_NS, UNTIL_NS = NOW_NS - 2 * HOUR_NS, NOW_NS + HOUR_NS
AGO_S = 600.0
"""Long enough for its minute to have settled."""


@pytest.fixture
def own(client: ClickHouseClient) -> ClickHouseClient:
    """A client with all tables in a database of its own."""
    upgrade_schema(client)
    return client


def call(caller: str, callee: str, *, ms: float = 40, status: str = "Unset", **changes: Any) -> tuple[Span, Span]:
    """Return the spans of one call between two services."""
    trace = uuid.uuid4().hex
    asked = span(
        caller, f"GET {callee}", kind="Client", trace_id=trace, span_id="1" * 16, ago_s=AGO_S, duration_ms=ms,
        status=status, **changes,
    )  # fmt: skip
    answered = span(
        callee, "GET /", trace_id=trace, span_id="2" * 16, parent_span_id="1" * 16, ago_s=AGO_S, duration_ms=ms / 2
    )
    return asked, answered


def to(caller: str, attributes: dict[str, str], *, kind: str = "Client", **changes: Any) -> Span:
    """Return a call to something that sends no spans."""
    trace = uuid.uuid4().hex
    return span(caller, "call", kind=kind, trace_id=trace, attributes=attributes, ago_s=AGO_S, **changes)


def stored(client: ClickHouseClient, *spans: Span, rounds: int = 1) -> list[Dependency]:
    """Return the dependencies of spans; each round counts as a process that was started again."""
    TelemetryTables(client).insert_spans(spans, token=uuid.uuid4().hex)
    for _ in range(rounds):
        rollup = CallRollup(client, clock=lambda: NOW_NS / SECOND_NS)
        while rollup.roll_up():
            pass
    return ServiceSearch(client).dependencies(SINCE_NS, UNTIL_NS)


def ends(dependencies: list[Dependency]) -> set[tuple[str, str, str]]:
    return {(each.source.name, each.target.kind.value, each.target.name) for each in dependencies}


def test_a_client_span_leads_to_the_service_whose_span_is_below_it(own: ClickHouseClient) -> None:
    """Durations and errors are those that the caller sees."""
    spans = [each for ms in (40, 40, 40) for each in call("front", "pay", ms=ms)]
    failed = call("front", "pay", ms=900, status="Error")

    [edge] = stored(own, *spans, *failed)

    assert (edge.source, edge.target) == (Node(NodeKind.SERVICE, "front"), Node(NodeKind.SERVICE, "pay"))
    assert (edge.count, edge.errors, edge.error_share) == (4, 1, 0.25)
    assert edge.durations.quantile(0.5) == pytest.approx(40, rel=0.01)


@pytest.mark.parametrize(
    ("attributes", "kind", "target"),
    [
        ({"db.system": "postgresql", "db.name": "orders"}, "database", "postgresql orders"),
        ({"db.system.name": "redis", "server.address": "cache"}, "database", "redis cache"),
        ({"db.system": "sqlite"}, "database", "sqlite"),
        ({"messaging.system": "kafka", "messaging.destination.name": "paid"}, "queue", "kafka paid"),
        ({"server.address": "api.example.com"}, "external", "api.example.com"),
        ({"url.full": "https://maps.example.com/v1?key=1"}, "external", "maps.example.com"),
        ({"peer.service": "legacy", "server.address": "10.0.0.7"}, "external", "legacy"),
    ],
)
def test_what_sends_no_spans_is_known_by_its_address(
    own: ClickHouseClient, attributes: dict[str, str], kind: str, target: str
) -> None:
    """Databases, queues and external services, as the attributes of either generation of conventions say."""
    assert ends(stored(own, to("front", attributes))) == {("front", kind, target)}


def test_a_queue_leads_to_who_consumes_it(own: ClickHouseClient) -> None:
    """Producer and consumer are joined by the queue, not by a trace."""
    attributes = {"messaging.system": "kafka", "messaging.destination": "paid"}

    edges = stored(own, to("pay", attributes, kind="Producer"), to("mail", attributes, kind="Consumer"))

    assert {(edge.source.name, edge.target.name) for edge in edges} == {("pay", "kafka paid"), ("kafka paid", "mail")}


def test_a_repeated_minute_changes_nothing(own: ClickHouseClient) -> None:
    """Two processes, or one that was started again, count a minute once."""
    spans = call("front", "pay")
    stored(own, *spans, rounds=3)
    own.command(f"OPTIMIZE TABLE {own.database}.outrider_calls_1m FINAL")

    for _ in range(2):  # as if the mark were lost: the same minutes again
        rollup = CallRollup(own, clock=lambda: NOW_NS / SECOND_NS)
        rollup._next_s = 0
        while rollup.roll_up():
            pass

    assert [edge.count for edge in ServiceSearch(own).dependencies(SINCE_NS, UNTIL_NS)] == [1]


def test_broken_traces_are_counted_once_and_end(own: ClickHouseClient) -> None:
    """A circle of parents, a parent that is missing, ids that are repeated, and a call without any address."""
    trace = "c" * 32
    circle = [
        span("a", "x", trace_id=trace, span_id="1" * 16, parent_span_id="2" * 16, ago_s=AGO_S),
        span("b", "y", trace_id=trace, span_id="2" * 16, parent_span_id="1" * 16, ago_s=AGO_S),
    ]
    orphan = span("d", "z", trace_id="d" * 32, parent_span_id="9" * 16, ago_s=AGO_S)
    asked, answered = call("front", "pay")
    repeated = [asked, answered, answered, answered]

    edges = stored(own, *circle, orphan, *repeated, to("front", {}))

    assert {(edge.source.name, edge.target.name, edge.count) for edge in edges} == {
        ("a", "b", 1), ("b", "a", 1), ("front", "pay", 1),
    }  # fmt: skip


def test_targets_that_are_too_many_become_other(own: ClickHouseClient) -> None:
    """A crawler asks a thousand hosts: what it calls stays readable, and no call is lost."""
    spans = [to("crawler", {"server.address": f"host-{number}.example"}) for number in range(1000)]

    edges = stored(own, *spans)

    assert len(edges) == 201
    assert edges[0].target.name == "other"
    assert sum(edge.count for edge in edges) == 1000


def test_probers_calls_are_left_out_unless_asked_for(own: ClickHouseClient) -> None:
    """A synthetic journey makes no dependency of users."""
    edges = stored(own, *call("front", "pay", origin=Origin.SYNTHETIC))

    assert edges == []
    everything = ServiceSearch(own).dependencies(SINCE_NS, UNTIL_NS, with_synthetic=True, service="pay")
    assert ends(everything) == {("front", "service", "pay")}


def test_a_new_version_is_a_deployment(shared: ClickHouseClient, service: str) -> None:
    """The first version is none; a rollback to an earlier one is not told, since it served before."""
    versions = [("1.0", 7000), ("1.1", 3000), ("1.0", 2000), ("1.2", 500)]
    spans = [
        span(service, ago_s=ago_s, resource={"service.version": version, "host.name": f"h{version}"})
        for version, ago_s in versions
    ]
    TelemetryTables(shared).insert_spans(spans, token=service)
    search = ServiceSearch(shared)

    deployments = search.deployments(NOW_NS - 10 * HOUR_NS, UNTIL_NS, service=service)
    instances = search.instances(service, NOW_NS - 10 * HOUR_NS, UNTIL_NS)

    assert [(each.previous, each.version) for each in deployments] == [("1.0", "1.1"), ("1.1", "1.2")]
    assert deployments[0].at_us == NOW_NS // 1000 - 3_000_000_000
    assert [(each.name, each.version, each.count, each.mean_ms) for each in instances] == [
        ("h1.2", "1.2", 1, 20), ("h1.0", "1.0", 2, 20), ("h1.1", "1.1", 1, 20),
    ]  # fmt: skip


def test_statements_are_told_without_their_values(shared: ClickHouseClient, service: str) -> None:
    """Values would be personal data, and every statement its own."""
    texts = [f"SELECT * FROM orders WHERE id = {number} AND mail = 'a{number}@b.c'" for number in range(5)]
    spans = [
        span(service, "q", kind="Client", attributes={"db.system": "postgresql", "db.statement": text})
        for text in texts
    ]
    TelemetryTables(shared).insert_spans([*spans, span(service, "GET redis", kind="Client")], token=service)

    [statement] = ServiceSearch(shared).statements(service, SINCE_NS, UNTIL_NS)

    assert statement.text == "SELECT * FROM orders WHERE id = ? AND mail = ?"
    assert (statement.system, statement.count, statement.errors) == ("postgresql", 5, 0)
    assert statement.total_ms == pytest.approx(100)
    assert statement.p95_ms == pytest.approx(20, rel=0.01)


def test_rates_are_told_by_time(shared: ClickHouseClient, service: str) -> None:
    """Of a service what enters it, of its operations each; periods without requests are left out."""
    spans = [
        span(service, "GET /", ago_s=3600, duration_ms=100),
        span(service, "GET /", ago_s=60, duration_ms=50, status="Error"),
        span(service, "SELECT", kind="Client", parent_span_id="1" * 16, ago_s=60),
    ]
    TelemetryTables(shared).insert_spans(spans, token=service)
    search = ServiceSearch(shared)

    points = search.service_points(SINCE_NS, UNTIL_NS, every_s=300, service=service)[service]
    hours = search.service_points(SINCE_NS, UNTIL_NS, every_s=3600, service=service)[service]
    rates = search.service_points(SINCE_NS, UNTIL_NS, every_s=300, service=service, with_durations=False)
    operations = search.operation_counts(SINCE_NS, UNTIL_NS, every_s=300, service=service)

    assert [(point.count, point.errors) for point in points] == [(1, 0), (1, 1)]
    assert points[0].quantile(0.95) == pytest.approx(100, rel=0.01)
    assert all(point.at_s % 300 == 0 for point in points)
    assert sum(point.count for point in hours) == 2
    assert rates == {service: tuple(replace(point, durations={}) for point in points)}
    assert [(own.operation, own.count, own.errors) for own in operations] == [("GET /", 1, 0), ("GET /", 1, 1)]
    assert [own.p95_ms for own in operations] == [pytest.approx(100, rel=0.01), pytest.approx(50, rel=0.01)]


def test_nothing_is_answered_without_telemetry(own: ClickHouseClient) -> None:
    """An empty store has no services, and a rollup has nothing to do."""
    search = ServiceSearch(own)

    assert stored(own) == []
    assert search.service_points(SINCE_NS, UNTIL_NS, every_s=60) == {}
    assert search.deployments(SINCE_NS, UNTIL_NS) == []
    assert search.instances("x", SINCE_NS, UNTIL_NS) == []
    assert search.statements("x", SINCE_NS, UNTIL_NS) == []
