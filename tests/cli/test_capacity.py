"""`outrider capacity`, against an engine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from tests.builders import run_of
from tests.cli.test_telemetry_commands import needs_engine, new_desk
from tests.telemetry_store.samples import SECOND_NS, point, span

from outrider.app import find_workspace, open_store, open_telemetry
from outrider.model import (
    Check,
    EndpointLoad,
    GaugeValue,
    Histogram,
    Kind,
    LoadInterval,
    LoadResult,
    Measurement,
    Outcome,
    altogether,
)

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.model import MetricPoint, Run, Span


def stepped_load(began_us: int, most_s: float = 50.0) -> Run:
    """Return a load of eight levels of 30 s, each user making 10 requests a second until the target is full."""
    seconds = []
    for at in range(240):
        users = 1 + at // 30
        count = round(min(users * 10.0, most_s))
        part = EndpointLoad("GET /", Histogram.of([20.0] * count))
        seconds.append(LoadInterval(float(at), 1.0, users, 1, 0.01 * users, 1.0, 0.0, (part,)))
    measurement = Measurement(Outcome.PASSED, "", began_us, 240_000.0, load=LoadResult(tuple(seconds)))
    return run_of(measurement, "load:shoppers")


@needs_engine
def test_capacity_names_what_ends_first_and_when_traffic_gets_there(tmp_path: Path) -> None:
    """CPU grows by 2 % a request, memory does not; eight weeks of peaks grow by 1 a second; switched off, none asks."""
    desk = new_desk(tmp_path, "[telemetry]\n")
    began_s = int(time.time()) - 7 * 86_400 - 3_600
    run = stepped_load(began_s * 1_000_000)
    with open_store(find_workspace(desk.root)) as store:
        store.checks.record([Check(run.check, Kind.LOAD, "load.toml", "shoppers", "shoppers")], run.due_us)
        store.runs.record(run)
    load = run.attempts[0].measurement.load
    assert load is not None
    sent = altogether(load.endpoints).requests
    unknown = desk.outrider("capacity").stdout
    with open_telemetry(find_workspace(desk.root)) as telemetry:
        telemetry.insert_metrics(host_use(began_s), token="use")
        telemetry.count_spans(real_traffic(int(time.time())), token="traffic")
        telemetry.count_spans([at_second(span("storefront"), began_s + 60)] * sent, token="load")

    [plan] = desk.json("capacity", "storefront", "--json")
    text = desk.outrider("capacity", "shoppers").stdout
    other = desk.outrider("capacity", "nobody").stderr
    desk.write("outrider.toml", "[telemetry]\n[capabilities]\ncapacity = false\n")
    off = desk.outrider("capacity").stderr
    desk.write("outrider.toml", "[telemetry]\n")

    assert "unknown what ends first: no metrics of hosts" in unknown
    assert "headroom unknown: no spans came in during the load" in unknown
    assert plan["limits"]["first"]["name"] == "CPU of node-9"
    assert plan["limits"]["first"]["limit"]["rate"] == pytest.approx(50, rel=0.05)
    [service] = plan["services"]
    assert service["weeks"] == 8
    assert service["peak"] == pytest.approx(18)
    assert service["rate"] == pytest.approx(50, rel=0.01)  # a request of the load is one of the service
    assert 20 < service["exhaustion"]["week"] < 45
    assert "CPU of node-9 ends first: full at" in text
    assert "not by load" in text
    assert "[unknown-check]" in other
    assert "[switched-off]" in off


def at_second(own: Span, at_s: int) -> Span:
    return own._replace(time_ns=at_s * SECOND_NS)


def real_traffic(now_s: int) -> list[Span]:
    """Return 11 requests a second over a minute of the first of eight weeks, one more each week, and a few a day."""
    return [
        at_second(span("storefront"), now_s - (7 - week) * 7 * 86_400 - day * 86_400 - 18_000)
        for week in range(8)
        for day in range(7)
        for _ in range(1 if day else (11 + week) * 300)
    ]


def host_use(began_s: int) -> list[MetricPoint]:
    """Return what a host said every ten seconds of a load of levels: 2 % of its CPU a request, memory as it was."""
    resource = {"host.name": "node-9"}
    points = []
    for at in range(0, 250, 10):
        users = 1 + max(at - 1, 0) // 30
        for name, use in (("cpu", min(0.02 * 10 * users, 1.0)), ("memory", 0.4 + 0.001 * (at % 3))):
            own = point("node", GaugeValue(use), f"system.{name}.utilization")
            points.append(own._replace(time_ns=(began_s + at) * SECOND_NS, resource=resource, attributes={}))
    return points
