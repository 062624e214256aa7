"""Pages of services: the table, the map, and a service."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from outrider.alerts import movement_text
from outrider.baselines import expected_band, load
from outrider.charts import MapEdge, MapNode, Trend, draw_lines, draw_map, draw_sparkline, draw_trend, milliseconds
from outrider.dashboard.hosts_page import recent as recent_span
from outrider.dashboard.hosts_page import runtime_charts
from outrider.dashboard.notable_view import notable_views
from outrider.dashboard.page_addresses import incident_path, logs_path, service_path, services_path, traces_path
from outrider.dashboard.page_templates import render
from outrider.dashboard.services_view import (
    HOUR_S,
    SPANS,
    Rates,
    ServicesSpan,
    open_troubles,
    services_lines,
    shares,
    verdict_of,
)
from outrider.dashboard.step_trends import day_marks
from outrider.model import (
    DURATION,
    FAILING,
    REQUESTS,
    BadSeries,
    Node,
    NodeKind,
    OperationCount,
    Subject,
    SubjectKind,
    UsageError,
    per_cent,
)
from outrider.runs import moved_operations

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.alerts import Incident
    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources
    from outrider.model import Checkpoint, Dependency, RatePoint, ServiceReader, SpanRates
    from outrider.telemetry_store import QueryText

_US = 10**6
_MOST_NODES = 150
_MOST_OPERATIONS = 50
_RELEASE_CHARACTERS = 12


def services_page(reader: ServiceReader, sources: Sources, since: str, context: PageContext) -> str:
    """Return the table of services.

    Raises:
        TelemetryError: If the telemetry cannot be asked.
    """
    span = ServicesSpan.of(since, sources.now_us())
    lines = services_lines(reader, sources.store.incidents, span, sources.telemetry.satisfied_ms)
    values = {
        "lines": lines, "span": span, "spark": draw_sparkline, "times": _times(span, "/services"), "shares": shares,
        "path_of": service_path,
        "incident_of": incident_path, "lost": sources.service().telemetry_lost,
        "map_path": services_path("/services/map", span.name),
    }  # fmt: skip
    return render("services.html", context, values)


def service_map_page(reader: ServiceReader, sources: Sources, since: str, context: PageContext) -> str:
    """Return the map of services, and the same as a table.

    Raises:
        TelemetryError: If the telemetry cannot be asked.
    """
    span = ServicesSpan.of(since, sources.now_us())
    calls = reader.dependencies(*span.ns)
    rates = {row.service: row for row in reader.services(*span.ns)}
    nodes, left_out = _shown(calls, rates)
    troubles = open_troubles(sources.store.incidents)
    boxes = [_box(node, rates.get(node.name), troubles, span, context) for node in nodes]
    most = max((call.count for call in calls), default=1)
    arrows = [_arrow(call, span, most) for call in calls]
    drawn = draw_map(boxes, arrows, "Services and what they call")
    rows = [(call, Rates.of(call, span)) for call in calls]
    values = {
        "drawn_map": drawn, "rows": rows, "span": span, "times": _times(span, "/services/map"), "left_out": left_out,
        "path_of": service_path, "table_path": services_path("/services", span.name),
    }  # fmt: skip
    return render("service_map.html", context, values)


@dataclass(frozen=True, slots=True)
class _Chart:
    title: str
    svg: str
    note: str = ""


def watched_service_page(reader: ServiceReader, sources: Sources, name: str, since: str, context: PageContext) -> str:
    """Return the page of a service.

    Raises:
        UsageError: unknown-service.
        TelemetryError: If the telemetry cannot be asked.
    """
    span = ServicesSpan.of(since, sources.now_us())
    points = reader.service_points(*span.ns, every_s=span.every_s, service=name).get(name, ())
    operations = reader.operations(name, *span.ns)
    if not points and not operations:
        fix = "see /services, or choose a longer time"
        raise UsageError(f"no span of a service {name[:80]!r} in this time", slug="unknown-service", fix=fix)
    calls = reader.dependencies(*span.ns, service=name)
    trouble = open_troubles(sources.store.incidents).get(name)
    deployments = reader.deployments(*span.ns, service=name)
    recent = (max(span.since_s, span.until_s - 6 * HOUR_S) * 10**9, span.until_s * 10**9)
    day = recent_span(span)
    releases = [(deployment.at_us, deployment.version[:_RELEASE_CHARACTERS]) for deployment in deployments]
    band = _band(sources, name, span)
    charts = _charts(points, span, releases=releases, band=band, timezone=context.clock.timezone)
    failing = _query("service", name, span, "level>=error")
    values = {
        "name": name, "span": span, "times": _times(span, service_path(name)), "verdict": verdict_of(trouble),
        "trouble": incident_path(trouble.id) if trouble else "", "checkpoints": _checkpoints(sources, name),
        "charts": charts,
        "operations": _operations(reader, sources, name, operations, span), "spark": draw_sparkline,
        "more_operations": max(0, len(operations) - _MOST_OPERATIONS),
        "called": [(call, Rates.of(call, span)) for call in calls if call.source == Node(NodeKind.SERVICE, name)],
        "callers": [(call, Rates.of(call, span)) for call in calls if call.target == Node(NodeKind.SERVICE, name)],
        "statements": reader.statements(name, *recent), "instances": reader.instances(name, *span.ns),
        "runtime": runtime_charts(reader.runtime_points(name, *day.ns, every_s=day.every_s), day),
        "deployments": deployments, "path_of": service_path, "notable": notable_views(sources, {name}),
        "logs": logs_path(_query("service", name, span)), "errors": logs_path(failing),
        "traces": traces_path(_query("service", name, span)),
        "failed": traces_path(_query("service", name, span, "status:error")),
        "operation_traces": lambda operation: traces_path(_operation(name, operation, span)),
    }  # fmt: skip
    return render("watched_service.html", context, values)


@dataclass(frozen=True, slots=True)
class _OperationLine:
    """An operation in the table of a service.

    Attributes:
        moved: What it does that deviates, a word and a sentence each, since when (microseconds UTC), and a tone.
        p95_ms: By period; NaN where nothing came, or nothing enters the service by it.
    """

    name: str
    rates: Rates
    moved: tuple[tuple[str, str, int, str], ...]
    p95_ms: tuple[float, ...]


_MOVED_WORDS = {DURATION: ("slower", "warn"), FAILING: ("failing", "bad"), REQUESTS: ("fewer", "warn")}


def _operations(
    reader: ServiceReader, sources: Sources, name: str, rates: Sequence[SpanRates], span: ServicesSpan
) -> list[_OperationLine]:
    """Return the operations with the most time in all, those that deviate first, the worst of them at the top."""
    counts: dict[str, dict[int, OperationCount]] = {}
    for count in reader.operation_counts(*span.ns, every_s=span.every_s, service=name):
        counts.setdefault(count.operation, {})[count.at_s] = count
    moved: dict[str, list[tuple[str, str, int, str]]] = {}
    for own in moved_operations(sources.store.series, Subject.of(SubjectKind.SERVICE, name), at_us=sources.now_us()):
        word, tone = _MOVED_WORDS[own.metric]
        moved.setdefault(own.operation, []).append((word, movement_text(own), own.since_us, tone))
    order = list(moved)
    shown = sorted(rates, key=lambda row: order.index(row.operation) if row.operation in moved else len(order))
    return [
        _OperationLine(
            row.operation, Rates.of(row, span, sources.telemetry.satisfied_ms), tuple(moved.get(row.operation, ())),
            tuple(_p95(counts.get(row.operation, {}).get(at_s)) for at_s in span.grid),
        )
        for row in shown[:_MOST_OPERATIONS]
    ]  # fmt: skip


def _p95(count: OperationCount | None) -> float:
    return math.nan if count is None else count.p95_ms


def _query(key: str, value: str, span: ServicesSpan, more: str = "") -> str:
    from outrider.telemetry_store import QueryText  # noqa: PLC0415  dear, and only these pages need it

    query = str(QueryText(QueryText("").also(key, value)))
    return " ".join(filter(None, (query, more, f"since:{span.name}")))


def _operation(service: str, operation: str, span: ServicesSpan) -> str:
    from outrider.telemetry_store import QueryText  # noqa: PLC0415  dear, and only these pages need it

    query: QueryText = QueryText(QueryText("").also("service", service))
    return f"{query.also('name', operation)} since:{span.name}"


def _times(span: ServicesSpan, path: str) -> list[tuple[str, str, bool]]:
    return [(name, services_path(path, name), name == span.name) for name in SPANS]


def _checkpoints(sources: Sources, name: str) -> list[tuple[str, str, str]]:
    """Return what the judge says of a service: its metric, condition and reason."""
    known = _known(sources, name)
    words = {"duration_ms": "durations", "requests": "number of requests", "failing": "failures"}
    return [
        (words[checkpoint.series.metric], checkpoint.condition, checkpoint.reason)
        for checkpoint in known
        if checkpoint.series.metric in words
    ]


def _known(sources: Sources, name: str) -> list[Checkpoint]:
    subject = Subject.of(SubjectKind.SERVICE, name)
    series = [own for own in sources.store.series.of(subject) if not own.step]
    return list(sources.store.judgements.checkpoints(series))


def _charts(
    points: Sequence[RatePoint],
    span: ServicesSpan,
    *,
    releases: Sequence[tuple[int, str]],
    band: tuple[Sequence[float], Sequence[float]],
    timezone: str,
) -> list[_Chart]:
    by_time = {point.at_s: point for point in points}
    own = [by_time.get(at_s) for at_s in span.grid]
    counts = [float(point.count) if point else 0.0 for point in own]
    failures = [float(point.errors) if point else 0.0 for point in own]
    begin_us, end_us = span.grid[0] * _US, span.grid[-1] * _US
    seen = [number for number, point in enumerate(own) if point is not None or number in {0, len(own) - 1}]
    at_us = [span.grid[number] * _US for number in seen]
    p95 = [_number(point.quantile(0.95)) if point else math.nan for point in map(own.__getitem__, seen)]
    low, high = ([side[number] for number in seen] if side else [] for side in band)
    days = [(moment, word) for moment, word in day_marks(begin_us, end_us, timezone) if at_us[0] <= moment <= at_us[-1]]
    shown = [(moment, version) for moment, version in releases if at_us[0] <= moment <= at_us[-1]]
    duration = Trend("p95", at_us, p95, low=low, high=high, days=days, releases=shown, since_us=at_us[0])
    unit, unit_s = ("minutes", 60) if span.every_s < HOUR_S else ("hours", HOUR_S)
    ago = [(at_s - span.until_s) / unit_s for at_s in span.grid]
    per_minute = [count / span.every_s * 60 for count in counts]
    rate = draw_lines("Requests a minute", ago, {"requests a minute": per_minute}, x=unit)
    errors = draw_lines("Errors in percent", ago, {"errors in percent": shares(counts, failures)}, x=unit)
    return [
        _Chart("Duration, p95", draw_trend(duration), "the band is where the judge expects nine of ten" if low else ""),
        _Chart("Requests a minute", rate), _Chart("Errors, %", errors),
    ]  # fmt: skip


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _band(sources: Sources, name: str, span: ServicesSpan) -> tuple[Sequence[float], Sequence[float]]:
    """Return where the judge expects the p95; nothing while it learns, or for periods beyond those it judges."""
    known = next((checkpoint for checkpoint in _known(sources, name) if checkpoint.series.metric == DURATION), None)
    if known is None or span.every_s > HOUR_S:
        return (), ()
    try:
        band = expected_band(load(known.state), np.array(span.grid, np.int64))
    except BadSeries:
        return (), ()
    return (band[0].tolist(), band[1].tolist()) if band is not None else ((), ())


def _shown(calls: Sequence[Dependency], rates: Mapping[str, SpanRates]) -> tuple[list[Node], int]:
    """Return the nodes with the most calls, and how many are left out."""
    weight: dict[Node, int] = {Node(NodeKind.SERVICE, name): row.count for name, row in rates.items()}
    for call in calls:
        for node in (call.source, call.target):
            weight[node] = max(weight.get(node, 0), call.count)
    nodes = sorted(weight, key=lambda node: (-weight[node], node))
    return nodes[:_MOST_NODES], max(0, len(nodes) - _MOST_NODES)


def _key(node: Node) -> str:
    return f"{node.kind.value}:{node.name}"


def _box(
    node: Node,
    rates: SpanRates | None,
    troubles: Mapping[str, Incident],
    span: ServicesSpan,
    context: PageContext,
) -> MapNode:
    if node.kind is not NodeKind.SERVICE:
        return MapNode(_key(node), node.name, node.kind.value, "gap")
    href = f"{context.base}{services_path(service_path(node.name), span.name)}"
    if rates is None:
        return MapNode(_key(node), node.name, "no requests", "gap", href)
    own = Rates.of(rates, span)
    trouble = troubles.get(node.name)
    note = f"{own.per_minute:,.0f}/min, {per_cent(own.error_share)} errors"
    tone = verdict_of(trouble)[1] if trouble else own.tone
    return MapNode(_key(node), node.name, f"{verdict_of(trouble)[0]}, {note}" if trouble else note, tone, href)


def _arrow(call: Dependency, span: ServicesSpan, most: int) -> MapEdge:
    rates = Rates.of(call, span)
    p95 = milliseconds(rates.p95_ms) if rates.p95_ms is not None else "-"
    failed = f", {per_cent(rates.error_share)}" if call.errors else ""
    title = (
        f"{call.source.name} → {call.target.name}: {rates.per_minute:,.1f} calls a minute, p95 {p95},"
        f" {per_cent(rates.error_share)} errors"
    )
    weight = math.log1p(call.count) / math.log1p(most)
    return MapEdge(_key(call.source), _key(call.target), f"{p95}{failed}", title, rates.tone, weight)
