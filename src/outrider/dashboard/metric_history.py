"""When metrics of hosts and services moved, about the time that an incident began."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np

from outrider.causes import Change, ChangeKind, Changes, move_starts
from outrider.dashboard.page_addresses import host_path, service_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from outrider.model import HostPoint, RuntimePoint, ServiceReader

_US: Final = 10**6
_NS: Final = 10**9
_EVERY_S: Final = 120
_WATCHED_S: Final = 3 * 86_400
_HOSTS: Final = 5
_SERVICES: Final = 5
_SHARES: Final = frozenset({"cpu", "memory", "filesystem", "swap"})
_LEAST_SHARE: Final = 0.05
_SHOWN: Final = 3
"""A move is told by the largest of its first values."""


def metric_changes(
    services: ServiceReader, until_us: int, met: Collection[str], probers: Collection[str]
) -> Iterator[Changes]:
    """Yield the moves of metrics in the three days before a time: of the prober's hosts, of others, and of services.

    Each metric is compared with these days of its own. Of the hosts those count that sent spans of a service that is
    met, five at most; of services their runtimes, pools and queues, five at most.

    Args:
        services: Of the telemetry.
        until_us: Microseconds UTC.
        met: The services that the traces of the incident meet; empty for all.
        probers: Names of the hosts that measured it.

    Raises:
        TelemetryError: If the telemetry cannot be read.
    """
    until_s = until_us // _US
    begin_s = until_s - _WATCHED_S
    span_ns = begin_s * _NS, until_s * _NS
    known = services.hosts(*span_ns)
    own = [host.name for host in known if host.name in probers]
    others = [host.name for host in known if host.name not in probers and (not met or {*host.services} & {*met})]
    load = [change for host in own[:_HOSTS] for change in _of_host(services, host, begin_s, span_ns)]
    moved = [change for host in others[:_HOSTS] for change in _of_host(services, host, begin_s, span_ns)]
    for service in sorted(met)[:_SERVICES]:
        moved += _of_service(services, service, begin_s, span_ns)
    if own:
        yield Changes(ChangeKind.PROBER_LOAD, load, _WATCHED_S * _US)
    yield Changes(ChangeKind.METRIC, moved, _WATCHED_S * _US)


def _of_host(services: ServiceReader, host: str, begin_s: int, span_ns: tuple[int, int]) -> Iterator[Change]:
    points: defaultdict[tuple[str, ...], list[HostPoint]] = defaultdict(list)
    for point in services.host_points(*span_ns, every_s=_EVERY_S, host=host):
        points[point.figure, point.part].append(point)
    for (figure, part), own in points.items():
        is_share = figure in _SHARES
        name = f"{host}: {figure}{f' {part}' if part else ''}"
        unit = "%" if is_share else ""
        yield from _moves(own, begin_s, name, unit, host_path(host), least=_LEAST_SHARE if is_share else 0.0)


def _of_service(services: ServiceReader, service: str, begin_s: int, span_ns: tuple[int, int]) -> Iterator[Change]:
    points: defaultdict[tuple[str, ...], list[RuntimePoint]] = defaultdict(list)
    for point in services.runtime_points(service, *span_ns, every_s=_EVERY_S):
        points[point.metric, point.instance, point.part, point.unit].append(point)
    for (metric, _, part, unit), own in points.items():
        name = f"{service}: {metric}{f' {part}' if part else ''}"
        yield from _moves(own, begin_s, name, unit if unit.isalpha() else "", service_path(service))


def _moves(
    points: Sequence[HostPoint] | Sequence[RuntimePoint], begin_s: int, name: str, unit: str, path: str,
    *, least: float = 0.0,
) -> Iterator[Change]:  # fmt: skip
    values = np.full(_WATCHED_S // _EVERY_S + 1, np.nan)
    for point in points:
        place = (point.at_s - begin_s) // _EVERY_S
        if 0 <= place < len(values):
            values[place] = point.value
    for start in move_starts(values, least=least):
        usual = float(np.nanmedian(values))
        own = values[start : start + _SHOWN]
        reached = float(own[np.nanargmax(np.abs(own - usual))])
        yield Change(
            (begin_s + start * _EVERY_S) * _US,
            f"{name} {_value_text(usual, unit)} → {_value_text(reached, unit)}",
            path,
        )


def _value_text(value: float, unit: str) -> str:
    return f"{value * 100:.0f} %" if unit == "%" else f"{value:.3g} {unit}".rstrip()
