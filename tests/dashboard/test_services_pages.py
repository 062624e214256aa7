"""Pages of services, of spans in the real engine."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from outrider.charts import MapEdge, MapNode, draw_map
from outrider.dashboard import TelemetrySource
from outrider.model import AggregateSample, GaugeValue, MetricPoint, Subject, SubjectKind
from outrider.telemetry_store.call_rollup import CallRollup
from outrider.telemetry_store.clickhouse_client import ClickHouseClient
from outrider.telemetry_store.schema_upgrade import upgrade_schema
from outrider.telemetry_store.service_search import ServiceSearch
from outrider.telemetry_store.telemetry_inserts import TelemetryTables

from .conftest import NOW_US
from .telemetry_scene import HOSTILE, NOW_NS, SECOND_NS, insert_rows, span_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.model import Span

    from .conftest import Scene


@pytest.fixture
def own(telemetry: ClickHouseClient) -> ClickHouseClient:
    """A client with all tables, which other tests of pages write to as well."""
    upgrade_schema(telemetry)
    return telemetry


def services_of(scene: Scene, client: ClickHouseClient) -> None:
    """Let a scene reach an engine."""
    search = ServiceSearch(client, clock=lambda: NOW_NS)
    scene.telemetry = TelemetrySource(is_on=True, reader=lambda: search, services=lambda: search)


def calls(caller: str, callee: str, number: int, *, failed: bool = False) -> Iterator[Span]:
    """Yield the spans of a call ten minutes ago, and of the query behind it."""
    trace = f"{abs(hash((caller, callee))):032x}"[-28:] + f"{number:04x}"
    at_ns = NOW_NS - 600 * SECOND_NS
    resource = {"service.name": callee, "service.version": "2.0", "host.name": "pod-1"}
    query = {
        "db.system": "postgresql",
        "db.name": "orders",
        "db.statement": f"SELECT * FROM orders WHERE id = {number}",
    }
    status = "Error" if failed else "Unset"
    yield span_of(caller, "1" * 16, trace=trace, time_ns=at_ns, name="GET /", status=status)
    yield span_of(caller, "2" * 16, "1" * 16, trace=trace, time_ns=at_ns, kind="Client", status=status)
    yield span_of(callee, "3" * 16, "2" * 16, trace=trace, time_ns=at_ns, name="POST /pay", resource=resource)
    yield span_of(callee, "4" * 16, "3" * 16, trace=trace, time_ns=at_ns, kind="Client", attributes=query)


def shop(client: ClickHouseClient, service: str) -> tuple[str, str]:
    """Store the calls of two services; return their names."""
    front, pay = f"front-{service}", f"pay-{service}"
    rows = [row for number in range(20) for row in calls(front, pay, number, failed=number < 2)]
    insert_rows(client, rows, service)
    rollup = CallRollup(client, clock=lambda: NOW_US / 1_000_000)
    rollup._next_s = NOW_US // 1_000_000 - 900
    while rollup.roll_up():
        pass
    return front, pay


def test_the_table_tells_rate_errors_and_durations(scene: Scene, own: ClickHouseClient, service: str) -> None:
    """With a verdict and small lines; its links keep the time."""
    services_of(scene, own)
    front, pay = shop(own, service)

    (answer,) = scene.get("/services?since=6h")

    assert answer.status_code == 200, answer.text
    row = answer.text[answer.text.index(f"<bdi>{front}</bdi>") :].split("</tr>")[0]
    assert f'href="/services/{front}?since=6h"' in answer.text
    assert "10.0 %" in row
    assert "calm" in row
    assert f"<bdi>{pay}</bdi>" in answer.text


def test_a_service_tells_operations_statements_and_instances(scene: Scene, own: ClickHouseClient, service: str) -> None:
    """And leads to its logs and traces."""
    services_of(scene, own)
    _, pay = shop(own, service)

    (answer,) = scene.get(f"/services/{pay}")

    assert answer.status_code == 200, answer.text
    for text in (
        "POST /pay",
        "SELECT * FROM orders WHERE id = ?",
        "pod-1",
        "Not judged yet",
        "/logs?q=service",
        "/traces?q=service",
    ):
        assert text in answer.text
    assert answer.text.count("<figure>") == 3


def test_hosts_stand_worst_first_and_can_be_found(scene: Scene, own: ClickHouseClient, service: str) -> None:
    """A host that is nearly full is marked; its page and a service's draw only what was sent."""
    services_of(scene, own)
    _, pay = shop(own, service)
    points = [
        MetricPoint(
            NOW_NS - ago_s * SECOND_NS, 0, name, metric, "", unit, {"host.name": host}, "", "", {}, GaugeValue(value)
        )
        for host, value in ((f"{service}-a", 0.2), (f"{service}-b", 0.95))
        for name, metric, unit in (("other", "system.memory.utilization", "1"), (pay, "process.memory.usage", "By"))
        for ago_s in (60, 120, 180)
    ]
    TelemetryTables(own).insert_metrics(points, token=service)

    listed, chosen, host, page = scene.get(
        f"/hosts?q={service}", f"/hosts?q={service}-a", f"/hosts/{service}-b", f"/services/{pay}"
    )

    assert listed.text.index(f"<bdi>{service}-b</bdi>") < listed.text.index(f"<bdi>{service}-a</bdi>")
    assert '<span class="badge bad">95 %</span>' in listed.text
    assert f"<bdi>{service}-b</bdi>" not in chosen.text
    assert "Memory used (%)" in host.text
    assert "CPU (%)" not in host.text
    assert "process.memory.usage (MB)" in page.text


def test_an_operation_that_moved_stands_first_with_what_it_does(
    scene: Scene, own: ClickHouseClient, service: str
) -> None:
    """Since when, and what is usual; what moved an hour ago is over."""
    services_of(scene, own)
    _, pay = shop(own, service)
    subject, at_us = Subject.of(SubjectKind.SERVICE, pay), NOW_US // 300_000_000 * 300_000_000
    moved = [("POST /pay", "operation_p95_ms", 820.0, 600), ("POST /pay", "operation_p95_ms_usual", 210.0, 600)]
    over = [("POST /old", "operation_errors", 0.5, 7200), ("POST /old", "operation_errors_usual", 0.01, 7200)]
    scene.store.aggregates.record(
        [
            AggregateSample(subject, step, metric, "production", "", at_us - ago_s * 1_000_000, value)
            for step, metric, value, ago_s in moved + over
        ]
    )

    answer, told = scene.get(f"/services/{pay}", f"/api/v1/services?service={pay}")

    items = {item["operation"]: item["moved"] for item in told.json()["items"]}
    [own_move] = items["POST /pay"]
    assert (own_move["metric"], own_move["value"], own_move["usual"]) == ("duration_ms", 820.0, 210.0)
    assert not any(moved for operation, moved in items.items() if operation != "POST /pay")
    rows = answer.text.split('id="operations"')[1].split("</table>")[0].split("<tr>")[2:]
    assert "POST /pay" in rows[0]
    assert "slower" in rows[0]
    assert "p95 820 ms, usually 210 ms, since" in rows[0]
    assert not any("failing" in row or "usually" in row for row in rows[1:])


@pytest.mark.parametrize("path", ["/hosts/nobody", "/services/nobody", "/services/a%2Fb%3C", "/services/map/x"])
def test_an_unknown_service_is_said(scene: Scene, own: ClickHouseClient, path: str) -> None:
    """With a way out."""
    services_of(scene, own)

    (answer,) = scene.get(path)

    assert answer.status_code == 404
    assert "see /" in answer.text


def test_hostile_names_are_text(scene: Scene, own: ClickHouseClient, service: str) -> None:
    """In table, map and page."""
    services_of(scene, own)
    insert_rows(own, list(calls(HOSTILE, f"pay-{service}", 1)), f"hostile-{service}")

    for path in ("/services", "/services/map"):
        (answer,) = scene.get(path)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text


def test_without_services_pages_say_so(scene: Scene, telemetry: ClickHouseClient) -> None:
    """A database that was never sent a span."""
    empty = ClickHouseClient(replace(telemetry._address, database="never_sent"))
    upgrade_schema(empty)
    services_of(scene, empty)

    assert "resourcedetection" in scene.get("/hosts")[0].text
    for path in ("/services", "/services/map"):
        (answer,) = scene.get(path)
        assert "No service sent spans in this time" in answer.text
    empty.close()


def node(key: str) -> MapNode:
    return MapNode(key, key, "1/min", "good", f"/services/{key}")


def edge(source: str, target: str) -> MapEdge:
    return MapEdge(source, target, "5 ms", f"{source} to {target}", "good", 0.5)


def test_a_map_with_a_circle_is_drawn_and_every_caller_stands_left(own: ClickHouseClient) -> None:
    """Calls that close a circle, of a node to itself, and to what is unknown break nothing."""
    nodes = [node(key) for key in "abcd"]
    edges = [edge("a", "b"), edge("b", "c"), edge("c", "a"), edge("d", "d"), edge("a", "nobody")]

    drawn = draw_map(nodes, edges, "Map")

    assert drawn.count('class="call') == 3
    assert drawn.count('class="node') == 4
    assert draw_map([], [], "Map") == ""
    assert replace(nodes[0], name="<b>").name not in draw_map([replace(nodes[0], name="<b>")], [], "Map")


def test_nodes_without_calls_stand_in_rows_below_those_that_have_some() -> None:
    """However many names one client makes up, who calls whom is in view."""
    alone = [node(f"a{number}") for number in range(13)]
    drawn = draw_map([*alone, node("x"), node("y")], [edge("x", "y")], "Map")

    tops = dict(re.findall(r'<title>(\w+): [^<]*</title><rect x="\d+" y="(\d+)"', drawn))

    assert tops.pop("x") == tops.pop("y") == "12"
    assert sorted(Counter(int(top) for top in tops.values()).values()) == [1, 6, 6]
    assert min(map(int, tops.values())) > 12 + 40


def test_a_map_of_a_chain_of_thousands_is_drawn() -> None:
    """No recursion limit is met; a million names never come here, since names are bounded."""
    keys = [f"s{number:05}" for number in range(3000)]
    edges = [edge(first, second) for first, second in pairwise(keys)]

    assert draw_map([node(key) for key in keys], edges, "Map").count('class="node') == 3000
