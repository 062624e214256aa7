"""What metrics tell of hosts and runtimes: shares from states, rates of counters, resets, temporalities."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from tests.telemetry_store.samples import NOW_NS, SECOND_NS, span

from outrider.model import GaugeValue, HistogramValue, MetricPoint, SumValue
from outrider.telemetry_store.service_search import ServiceSearch
from outrider.telemetry_store.telemetry_inserts import TelemetryTables

if TYPE_CHECKING:
    from outrider.model import MetricValue
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

SINCE_NS, UNTIL_NS = NOW_NS - 3600 * SECOND_NS, NOW_NS + SECOND_NS


def sent(host: str, name: str, value: MetricValue, ago_s: int = 60, **attributes: str) -> MetricPoint:
    """Return a point of a host."""
    at_ns = NOW_NS - ago_s * SECOND_NS
    resource = {"host.name": host, "service.instance.id": "one"}
    return MetricPoint(at_ns, 0, host, name, "", "", resource, "s", "1", attributes, value)


def total(value: float, *, delta: bool = False) -> SumValue:
    return SumValue(value, is_monotonic=True, is_delta=delta)


def level(value: float) -> SumValue:
    return SumValue(value, is_monotonic=False, is_delta=False)


def store(client: ClickHouseClient, *points: MetricPoint) -> ServiceSearch:
    TelemetryTables(client).insert_metrics(points, token=uuid.uuid4().hex)
    return ServiceSearch(client, clock=lambda: NOW_NS)


def test_a_host_says_what_the_collector_sent(shared: ClickHouseClient, service: str) -> None:
    """CPU from times by state of two processors, memory without slabs, the fullest disk, network without loopback."""
    cpu = [
        sent(service, "system.cpu.time", total(base + step * more), 120 - 60 * step, cpu=processor, state=state)
        for processor in ("cpu0", "cpu1")
        for state, base, more in (("user", 500, 15), ("idle", 9000, 40), ("wait", 10, 5))
        for step in (0, 1)
    ]
    memory = [
        sent(service, "system.memory.usage", level(size), state=state)
        for state, size in (("used", 300), ("free", 500), ("cached", 200), ("slab_reclaimable", 150))
    ]
    disks = [
        sent(service, "system.filesystem.usage", level(size), mountpoint=mount, state=state, type=kind)
        for mount, kind, state, size in (
            ("/", "ext4", "used", 20), ("/", "ext4", "free", 80), ("/data", "xfs", "used", 90),
            ("/data", "xfs", "free", 10), ("/snap", "squashfs", "used", 100), ("/snap", "squashfs", "free", 0),
        )
    ]  # fmt: skip
    network = [
        sent(service, "system.network.io", total(size), ago_s, device=device, direction="receive")
        for device, size, ago_s in (("eth0", 1000, 120), ("eth0", 7000, 60), ("lo", 0, 120), ("lo", 10**9, 60))
    ]
    load = [sent(service, "system.cpu.load_average.1m", GaugeValue(1.5))]
    search = store(shared, *cpu, *memory, *disks, *network, *load)
    TelemetryTables(shared).insert_spans([span("pay", resource={"host.name": service})], token=service)

    [host] = [row for row in search.hosts(SINCE_NS, UNTIL_NS) if row.name == service]

    assert host.cpu == pytest.approx(0.25)
    assert host.memory == pytest.approx(0.3)
    assert (host.disk, host.mount_point, host.load) == (0.9, "/data", 1.5)
    assert host.network_bytes_s == pytest.approx(100)
    assert host.services == ("pay",)
    assert host.last_us == (NOW_NS - 60 * SECOND_NS) // 1000


def test_a_reset_is_left_out_and_a_delta_is_not_subtracted(shared: ClickHouseClient, service: str) -> None:
    """A machine that booted has not worked backwards, nor all at once."""
    counter = [
        sent(service, "system.disk.io", total(size), ago_s, direction="read")
        for size, ago_s in ((9000, 240), (9600, 180), (60, 120), (660, 60))
    ]
    delta = [
        sent(service, "system.disk.io", total(size, delta=True), ago_s, direction="write")
        for size, ago_s in ((600, 120), (1200, 60))
    ]
    search = store(shared, *counter, *delta)

    points = search.host_points(SINCE_NS, UNTIL_NS, every_s=7200, host=service)

    assert {(point.part, point.value) for point in points} == {("read", 10), ("write", 20)}


def test_a_utilization_without_states_is_taken_as_it_is(shared: ClickHouseClient, service: str) -> None:
    """A host that is silent for longer is listed without values."""
    search = store(
        shared,
        sent(service, "system.cpu.utilization", GaugeValue(0.4)),
        sent(f"{service}-old", "system.cpu.utilization", GaugeValue(0.9), 2400),
    )

    hosts = {host.name: host for host in search.hosts(SINCE_NS, UNTIL_NS)}

    assert hosts[service].cpu == pytest.approx(0.4)
    assert hosts[service].memory is None
    assert hosts[f"{service}-old"].cpu is None


def test_a_runtime_tells_levels_rates_and_means(shared: ClickHouseClient, service: str) -> None:
    """By instance and attribute; metrics of requests and hosts are none of it."""

    def pause(count: int, seconds: float) -> HistogramValue:
        return HistogramValue(count, seconds, (), (), 0, 0, False)

    search = store(
        shared,
        sent(service, "jvm.memory.used", level(100), 60, **{"jvm.memory.type": "heap", "pool": "eden"}),
        sent(service, "cpython.gc.collections", total(10), 120, generation="0"),
        sent(service, "cpython.gc.collections", total(130), 60, generation="0"),
        sent(service, "jvm.gc.duration", pause(2, 1.0), 120),
        sent(service, "jvm.gc.duration", pause(6, 1.2), 60),
        sent(service, "http.server.request.duration", pause(6, 1.2)),
        sent(service, "orders.queue.size", GaugeValue(7)),
    )

    points = search.runtime_points(service, SINCE_NS, UNTIL_NS, every_s=7200)

    assert [(point.metric, point.kind, point.part, round(point.value, 6)) for point in points] == [
        ("cpython.gc.collections", "rate", "0", 2), ("jvm.gc.duration", "mean", "", 0.05),
        ("jvm.memory.used", "level", "eden heap", 100), ("orders.queue.size", "level", "", 7),
    ]  # fmt: skip
    assert {point.instance for point in points} == {"one"}
