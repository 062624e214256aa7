"""Pages of hosts, and the section of a service about its runtimes."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.charts import draw_lines, draw_sparkline
from outrider.dashboard.page_addresses import host_path, hosts_path, logs_path, service_path
from outrider.dashboard.page_templates import render
from outrider.dashboard.services_view import DAY_S, HOUR_S, SPANS, ServicesSpan
from outrider.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources
    from outrider.model import HostReading, RuntimePoint, ServiceReader

HOST_SPANS = ("1h", "6h", "1d")
ORDERS = {"": "worst", "name": "name", "cpu": "CPU", "memory": "memory", "disk": "disk", "load": "load"}
_MOST_LINES = 4
_MOST_CHARTS = 24
_STANDS = 5
_LABEL = 18
_WARN, _BAD = 0.8, 0.9
_MEGA = 1e6
_MINUTES_US = 60_000_000
_SILENT_US = 15 * _MINUTES_US
_FIGURES = {
    "cpu": ("CPU", "%", 100.0), "memory": ("Memory used", "%", 100.0),
    "filesystem": ("File systems used", "%", 100.0), "swap": ("Swap used", "%", 100.0),
    "load": ("Load, 1 minute", "", 1.0), "network": ("Network", "MB/s", 1 / _MEGA),
    "disk": ("Disks", "MB/s", 1 / _MEGA),
}  # fmt: skip
_UNITS = {"By": ("MB", 1 / _MEGA), "s": ("ms", 1000.0), "1": ("", 1.0)}
_SHARES = ("utilization",)


@dataclass(frozen=True, slots=True)
class LineChart:
    """A chart of several lines: what it shows, and what it leaves out."""

    title: str
    svg: str
    note: str = ""


def hosts_page(reader: ServiceReader, sources: Sources, asked: tuple[str, str, str], context: PageContext) -> str:
    """Return the table of hosts.

    Args:
        reader: Of the telemetry.
        sources: What pages are made from.
        asked: The time, the order, and what a name or service has to contain.
        context: Of the page.

    Raises:
        TelemetryError: If the telemetry cannot be asked.
    """
    since, order, text = asked
    span = _span(since, sources)
    order = order if order in ORDERS else ""
    known = reader.hosts(*span.ns)
    rows = [host for host in known if _contains(host, text)]
    processors: dict[str, dict[int, float]] = defaultdict(dict)
    for point in reader.host_points(*span.ns, every_s=span.every_s, figure="cpu"):
        processors[point.host][point.at_s] = point.value
    now_us = sources.now_us()
    values = {
        "rows": [(host, _values(processors[host.name], span)) for host in _sorted(rows, order)],
        "count": len(known), "text": text, "order": order, "orders": ORDERS, "span": span, "spark": draw_sparkline,
        "times": [(name, hosts_path(name, order, text), name == span.name) for name in HOST_SPANS],
        "host_path": host_path, "service_path": service_path, "tone": share_tone,
        "is_silent": lambda host: now_us - host.last_us > _SILENT_US, "unnamed": not known,
    }  # fmt: skip
    return render("hosts.html", context, values)


def host_page(reader: ServiceReader, sources: Sources, name: str, since: str, context: PageContext) -> str:
    """Return the page of a host.

    Raises:
        UsageError: unknown-host.
        TelemetryError: If the telemetry cannot be asked.
    """
    from outrider.telemetry_store import QueryText  # noqa: PLC0415  dear, and only these pages need it

    span = _span(since, sources)
    host = next((row for row in reader.hosts(*span.ns) if row.name == name), None)
    if host is None:
        fix = "see /hosts, or choose a longer time"
        raise UsageError(f"no system metric of a host {name[:80]!r} in this time", slug="unknown-host", fix=fix)
    lines: dict[str, dict[str, dict[int, float]]] = {figure: defaultdict(dict) for figure in _FIGURES}
    for point in reader.host_points(*span.ns, every_s=span.every_s, host=name):
        lines[point.figure][point.part][point.at_s] = point.value
    charts = [
        _chart(title, unit, factor, lines[figure], span)
        for figure, (title, unit, factor) in _FIGURES.items()
        if lines[figure]
    ]
    instances = {service: reader.instances(service, *span.ns) for service in host.services}
    values = {
        "host": host, "charts": charts, "span": span, "instances": instances, "service_path": service_path,
        "times": [(length, host_path(name, length), length == span.name) for length in HOST_SPANS],
        "logs": logs_path(f"{QueryText('').also('host.name', name)} since:{span.name}"),
        "is_silent": sources.now_us() - host.last_us > _SILENT_US,
    }  # fmt: skip
    return render("host.html", context, values)


def runtime_charts(points: Iterable[RuntimePoint], span: ServicesSpan) -> list[LineChart]:
    """Return a chart for each metric of the runtimes of a service, with a line an instance and attribute."""
    metrics: dict[tuple[str, str, str], dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for point in points:
        label = " ".join(filter(None, (point.part, point.instance[-12:])))
        metrics[point.metric, point.unit, point.kind][label][point.at_s] = point.value
    charts = []
    for (metric, unit, kind), lines in list(metrics.items())[:_MOST_CHARTS]:
        shown, factor = _unit(metric, unit, kind)
        charts.append(_chart(metric, shown, factor, lines, span))
    return charts


def recent(span: ServicesSpan) -> ServicesSpan:
    """Return the last day of a time that is longer: points of metrics are read one by one."""
    if span.seconds <= DAY_S + span.every_s:
        return span
    return ServicesSpan("1d", span.until_s - DAY_S, span.until_s, SPANS["1d"][1])


def share_tone(share: float | None) -> str:
    """Return the tone of a share of what is used: warn from 80 %, bad from 90 %."""
    return "bad" if (share or 0) >= _BAD else "warn" if (share or 0) >= _WARN else ""


def _span(since: str, sources: Sources) -> ServicesSpan:
    return ServicesSpan.of(since if since in HOST_SPANS else HOST_SPANS[0], sources.now_us())


def _contains(host: HostReading, text: str) -> bool:
    wanted = text.strip().lower()
    return any(wanted in name.lower() for name in (host.name, *host.services))


def _sorted(hosts: Sequence[HostReading], order: str) -> list[HostReading]:
    if order == "name":
        return sorted(hosts, key=lambda host: host.name)

    def greatness(host: HostReading) -> float:
        value = getattr(host, order) if order else host.worst
        return -1.0 if value is None else float(value)

    return sorted(hosts, key=lambda host: (-greatness(host), host.name))


def _unit(metric: str, unit: str, kind: str) -> tuple[str, float]:
    """Return the unit that is shown, and by what values are multiplied; a missing one is said."""
    if metric.rpartition(".")[2] in _SHARES and unit in {"1", ""}:
        return "%", 100.0
    if kind == "rate":
        if unit == "s":
            return "s a second", 1.0
        named, factor = _UNITS.get(unit, (unit.strip("{}"), 1.0))
        return f"{named} a second".strip(), factor
    if not unit:
        return "no unit was sent", 1.0
    named, factor = _UNITS.get(unit, (unit.strip("{}"), 1.0))
    return f"{named}, mean" if kind == "mean" else named, factor


def _values(points: Mapping[int, float], span: ServicesSpan) -> list[float]:
    """Return values by period; the last one stands for up to five periods, as senders are seldom on time."""
    values: list[float] = []
    seen = math.nan, -_STANDS
    for number, at_s in enumerate(span.grid):
        if at_s in points:
            seen = points[at_s], number
        values.append(seen[0] if number - seen[1] <= _STANDS else math.nan)
    return values


def _chart(title: str, unit: str, factor: float, lines: dict[str, dict[int, float]], span: ServicesSpan) -> LineChart:
    """Return the greatest lines as a chart; the others are counted in its note."""
    heading = f"{title} ({unit})" if unit else title
    chosen = sorted(lines, key=lambda label: -max(lines[label].values()))[:_MOST_LINES]
    word, length_s = ("minutes", 60) if span.every_s < HOUR_S // 2 else ("hours", HOUR_S)
    ago = [(at_s - span.until_s) / length_s for at_s in span.grid]
    drawn: dict[str, list[float]] = {}
    for number, label in enumerate(chosen, 1):
        named = label or title
        short = named if len(named) <= _LABEL else f"{number} …{named[-_LABEL + 3 :]}"
        drawn[short] = [value * factor for value in _values(lines[label], span)]
    left = len(lines) - len(chosen)
    note = f"the greatest {_MOST_LINES} of {len(lines)}" if left else ""
    return LineChart(heading, draw_lines(heading, ago, drawn, x=word), note)
