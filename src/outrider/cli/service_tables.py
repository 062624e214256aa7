"""What is known of services as tables and JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.text import Text

from outrider.app import movement_text
from outrider.cli.fitted_table import (
    Column,
    FittedTable,
    name_column,
    note_column,
    number_column,
    text_column,
    time_column,
)
from outrider.cli.run_tables import at
from outrider.model import apdex, per_cent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.app import ReleaseMark
    from outrider.model import (
        Dependency,
        HostReading,
        LostTelemetry,
        MovedOperation,
        RuntimePoint,
        ServiceInstance,
        SpanRates,
        Statement,
    )

_QUANTILES = (0.5, 0.95, 0.99)


def by_operation(moved: Sequence[MovedOperation]) -> dict[str, list[MovedOperation]]:
    """Return what deviates by the operation that it is of."""
    groups: dict[str, list[MovedOperation]] = {}
    for own in moved:
        groups.setdefault(own.operation, []).append(own)
    return groups


def rates_table(
    rates: Sequence[SpanRates],
    seconds: float,
    title: str,
    satisfied_ms: float,
    moved: Mapping[str, Sequence[MovedOperation]],
) -> FittedTable:
    """Return a line a service or operation, and below it what deviates of that."""
    figures = map(number_column, ("per minute", "errors", "p50 ms", "p95 ms", "p99 ms", "Apdex"))
    table = FittedTable(name_column(title), *figures, *([note_column("unusual")] if moved else []))
    for row in rates:
        score = apdex(row.durations, row.error_share, satisfied_ms)
        numbers = [_ms(row.durations.quantile(share)) for share in _QUANTILES]
        last = "-" if score is None else f"{score:.2f}"
        rate = f"{row.count / seconds * 60:.1f}"
        unusual = "; ".join(movement_text(own) for own in moved.get(row.operation, ()))
        cells = [rate, per_cent(row.error_share), *numbers, last, *([unusual] if moved else [])]
        table.add_row(Text(row.operation or row.service), *cells)
    return table


def rates_json(row: SpanRates, satisfied_ms: float, moved: Mapping[str, Sequence[MovedOperation]]) -> dict[str, object]:
    """Return rates as JSON, durations in milliseconds, and what deviates of an operation."""
    return {
        "service": row.service,
        "operation": row.operation,
        "count": row.count,
        "errors": row.errors,
        "error_share": row.error_share,
        **{f"p{share * 100:.0f}_ms": row.durations.quantile(share) for share in _QUANTILES},
        "apdex": apdex(row.durations, row.error_share, satisfied_ms),
        "moved": [
            {"metric": own.metric, "since": _utc(own.since_us), "value": own.value, "usual": own.usual}
            for own in moved.get(row.operation, ())
        ],
    }


def runtime_table(points: Sequence[RuntimePoint]) -> FittedTable:
    """Return a line for each metric, instance and part of what a runtime said last."""
    table = _table((name_column("metric"), text_column("part"), name_column("instance"), "unit"), ("last",))
    for own in points:
        unit = {"rate": f"{own.unit or '1'}/s", "mean": f"{own.unit or '1'} (mean)"}.get(own.kind, own.unit)
        table.add_row(Text(own.metric), Text(own.part), Text(own.instance), Text(unit), _plain(own.value))
    return table


def _plain(value: float) -> str:
    """Return a number with six digits at least, never as a power of ten."""
    return f"{value:,.0f}" if abs(value) >= 100_000 else f"{value:,.6g}"


def runtime_json(point: RuntimePoint) -> dict[str, object]:
    """Return what a metric of a runtime said last as JSON; its time as text in UTC."""
    fields: dict[str, Any] = asdict(point)
    return {**fields, "at": _utc(fields.pop("at_s") * 1_000_000)}


def lost_table(lost: Sequence[LostTelemetry]) -> FittedTable:
    """Return a line for each signal, reason and sender."""
    table = _table((name_column("reason"), "signal", name_column("source"), name_column("service")), ("today",))
    for row in lost:
        names = (row.reason, row.signal or "-", row.source or "-", row.service or "-")
        table.add_row(*map(Text, names), f"{row.count:,}")
    return table


def dependencies_table(dependencies: Sequence[Dependency], seconds: float) -> FittedTable:
    """Return a line for each pair of nodes."""
    table = _table((name_column("from"), name_column("to"), "kind"), ("per minute", "errors", "p50 ms", "p95 ms"))
    for row in dependencies:
        names = (row.source.name, row.target.name, row.target.kind.value)
        numbers = [_ms(row.durations.quantile(share)) for share in _QUANTILES[:2]]
        table.add_row(*map(Text, names), f"{row.count / seconds * 60:.1f}", per_cent(row.error_share), *numbers)
    return table


def dependency_json(row: Dependency) -> dict[str, object]:
    """Return a dependency as JSON, durations in milliseconds."""
    return {
        "from": row.source.name,
        "from_kind": row.source.kind,
        "to": row.target.name,
        "to_kind": row.target.kind,
        "count": row.count,
        "errors": row.errors,
        "error_share": row.error_share,
        **{f"p{share * 100:.0f}_ms": row.durations.quantile(share) for share in _QUANTILES},
    }


def deployments_table(marks: Sequence[ReleaseMark], timezone: str) -> FittedTable:
    """Return a line for each deployment, the newest last."""
    table = _table(
        (
            time_column(f"time ({timezone})"),
            name_column("service"),
            *map(text_column, ("version", "before", "environment", "release")),
        ),
        (),
    )
    for mark in marks:
        deployment = mark.deployment
        names = (deployment.service, deployment.version, deployment.previous, deployment.environment, mark.release)
        table.add_row(at(deployment.at_us, timezone), *(Text(name or "-") for name in names))
    return table


def deployment_json(mark: ReleaseMark) -> dict[str, object]:
    """Return a deployment as JSON; its time as text in UTC."""
    row: dict[str, Any] = asdict(mark.deployment)
    return {**row, "at": _utc(row.pop("at_us")), "release": mark.release}


def instances_table(instances: Sequence[ServiceInstance], timezone: str) -> FittedTable:
    """Return a line for each instance."""
    table = _table(
        (name_column("instance"), text_column("version"), time_column(f"last ({timezone})")),
        ("requests", "errors", "mean ms"),
    )
    for row in instances:
        names = (Text(row.name or "-"), Text(row.version or "-"), at(row.last_us, timezone))
        table.add_row(*names, str(row.count), str(row.errors), _ms(row.mean_ms))
    return table


def instance_json(row: ServiceInstance) -> dict[str, object]:
    """Return an instance as JSON; its last request as text in UTC."""
    fields: dict[str, Any] = asdict(row)
    return {**fields, "last": _utc(fields.pop("last_us"))}


def statements_table(statements: Sequence[Statement]) -> FittedTable:
    """Return a line for each statement, those that take the most time first."""
    table = _table(("system", text_column("statement")), ("calls", "errors", "p95 ms", "total s"))
    for row in statements:
        numbers = (str(row.count), str(row.errors), _ms(row.p95_ms), f"{row.total_ms / 1000:.1f}")
        table.add_row(Text(row.system), Text(row.text), *numbers)
    return table


def hosts_table(hosts: Sequence[HostReading], timezone: str) -> FittedTable:
    """Return a line for each host, the busiest first."""
    table = _table(
        (name_column("host"), time_column(f"last ({timezone})"), text_column("services")),
        ("CPU", "memory", "disk", "load", "network/s"),
    )
    for row in sorted(hosts, key=lambda row: (-row.worst, row.name)):
        network = "-" if row.network_bytes_s is None else f"{row.network_bytes_s / 1e6:.2f} MB"
        shares = ("-" if share is None else per_cent(share, ".0f") for share in (row.cpu, row.memory, row.disk))
        load = "-" if row.load is None else f"{row.load:.2f}"
        names = Text(", ".join(row.services) or "-")
        table.add_row(Text(row.name), at(row.last_us, timezone), names, *shares, load, network)
    return table


def host_json(row: HostReading) -> dict[str, object]:
    """Return a host as JSON; when it was seen last as text in UTC."""
    fields: dict[str, Any] = asdict(row)
    return {**fields, "last": _utc(fields.pop("last_us"))}


def _table(names: Sequence[Column | str], numbers: Sequence[str]) -> FittedTable:
    return FittedTable(*names, *map(number_column, numbers))


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _utc(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1_000_000, UTC).isoformat(timespec="seconds")
