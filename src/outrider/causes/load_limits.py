"""Which resource ends first under a load: use of hosts, runtimes and pools at its levels. Pure but for the reader."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from outrider.baselines import FEWEST_LOADED_LEVELS, resource_limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from outrider.baselines import FloatArray, Knee, ResourceLimit
    from outrider.model import HostPoint, LoadInterval, RuntimePoint, ServiceReader

BELOW_KNEE: Final = 0.85
"""Up to this share of the rate at the knee use is taken to follow the load: nearer, requests wait."""

_NEAR: Final = 1.15  # a resource that is full at up to so much above the knee explains it
_NS: Final = 10**9
_BEFORE_S: Final = 120
_SHARES: Final = ("jvm.cpu.recent_utilization", "process.cpu.utilization", "nodejs.eventloop.utilization")
_POOLS: Final = (
    ("db.client.connections.usage", "db.client.connections.max"),
    ("db.client.connection.count", "db.client.connection.max"),
    ("jvm.memory.used_after_last_gc", "jvm.memory.limit"),
)
_FREE: Final = frozenset({"idle"})
_STATES: Final = frozenset({"used", "idle"})
_TIMES_LONGER: Final = 2.0


@dataclass(frozen=True, slots=True)
class LimitedResource:
    """A resource and what a load used of it.

    Attributes:
        name: Such as `CPU of shop-1`, or `db.client.connections.usage of checkout (pool-1)`.
        full: What of it there is, in its own unit: 1 where its use is a share.
        at_most: The most that a level used of it, as a share of that.
        limit: Where it is full.
        levels: At how many levels below the knee it was measured.
    """

    name: str
    full: float
    at_most: float
    limit: ResourceLimit
    levels: int


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """What ends first under a load.

    Attributes:
        resources: Those that were measured at four levels or more, the one that is full first at the beginning.
        first: What ends first; None where nothing measured does, and `unknown` says why.
    """

    resources: tuple[LimitedResource, ...] = ()
    first: LimitedResource | None = None
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class UsedResource:
    """Use of a resource, moment by moment: each value is of the time since the one before.

    Attributes:
        full: What there is of it.
        at_s: Seconds since 1970, ascending.
    """

    name: str
    full: float
    at_s: FloatArray
    use: FloatArray


def ends_at_knee(limit: ResourceLimit, knee: Knee) -> bool:
    """Return whether a resource is full about where a load no longer grew; without a knee, whether it ends at all."""
    if not knee.reached:
        return math.isfinite(limit.rate)
    return limit.low <= _NEAR * knee.high


def limits_of_load(
    intervals: Sequence[LoadInterval], began_us: int, knee: Knee | None, used: Sequence[UsedResource]
) -> LoadLimits:
    """Return what ends first under a load.

    Args:
        intervals: Of the load, whose processors are a resource, too.
        began_us: When it began, microseconds UTC.
        knee: Where it no longer grew; None if it went through too few levels.
        used: What was measured meanwhile.
    """
    if knee is None:
        return LoadLimits(unknown="the load went through too few levels: outrider load --find-knee")
    clock = _Clock(intervals, began_us / 1e6)
    generator = UsedResource(
        "CPU of the load generator", 1.0, clock.end_s, np.array([interval.cpu_share for interval in intervals])
    )
    levels = {resource.name: clock.levels(resource) for resource in (generator, *used)}
    most_users = math.ceil(knee.users) if knee.reached else max((interval.users for interval in intervals), default=0)
    top = BELOW_KNEE * knee.rate if knee.reached else math.inf
    below = {
        name: [(rate, use) for users, (rate, use) in own.items() if users <= most_users and rate <= top]
        for name, own in levels.items()
    }
    measured = [resource for resource in (generator, *used) if len(below[resource.name]) >= FEWEST_LOADED_LEVELS]
    if len(measured) <= 1:
        return LoadLimits(unknown=_untold(used, clock))
    pairs = [np.array(below[resource.name]).T for resource in measured]
    limits = resource_limits(
        [pair[0] for pair in pairs], [pair[1] for pair in pairs], [resource.full for resource in measured],
        np.random.default_rng(len(measured)),
    )  # fmt: skip
    resources = sorted(
        (
            LimitedResource(
                resource.name, resource.full, max(use for _, use in levels[resource.name].values()) / resource.full,
                limit, len(below[resource.name]),
            )
            for resource, limit in zip(measured, limits, strict=True)
        ),
        key=lambda own: (own.limit.rate, -own.at_most),
    )  # fmt: skip
    first = resources[0] if ends_at_knee(resources[0].limit, knee) else None
    return LoadLimits(tuple(resources), first, unknown="" if first else _unexplained(resources, knee))


def _untold(used: Sequence[UsedResource], clock: _Clock) -> str:
    if not used:
        return "no metrics of hosts, runtimes or pools came in during the load: docs/telemetry.md#hosts"
    gaps = [np.diff(own.at_s) for own in used if len(own.at_s) > 1]
    if not gaps:
        return "metrics came in once during the load"
    apart_s = float(np.median(np.concatenate(gaps)))
    longer = max(10, math.ceil(_TIMES_LONGER * apart_s / 10) * 10)
    return (
        f"metrics came every {apart_s:.0f} s, and levels of the load lasted {clock.median_level_s:.0f} s: fewer than"
        f" {FEWEST_LOADED_LEVELS} levels below the knee were measured; outrider load --find-knee --step {longer}s"
    )


def _unexplained(resources: Sequence[LimitedResource], knee: Knee) -> str:
    fullest = max(resources, key=lambda own: own.at_most)
    if not knee.reached:
        return "the load did not reach the knee, and no resource that was measured grows with it"
    return (
        "nothing that was measured is full at the knee: a lock, a pool or something downstream that sends no metrics"
        f" ends first; the fullest was {fullest.name} at {fullest.at_most:.0%}"
    )


class _Clock:
    """What a load did between two moments."""

    def __init__(self, intervals: Sequence[LoadInterval], began_s: float) -> None:
        self.begin_s = np.array([began_s + interval.offset_s for interval in intervals])
        self.end_s = self.begin_s + np.array([interval.length_s for interval in intervals])
        self._users = np.array([interval.users for interval in intervals])
        counts = [sum(part.succeeded.total for part in interval.endpoints) for interval in intervals]
        self._total = np.concatenate([[0.0], np.cumsum(counts)])

    @property
    def median_level_s(self) -> float:
        """How long a number of users lasted."""
        edges = np.flatnonzero(np.diff(self._users)) + 1
        spans = np.split(self.end_s - self.begin_s, edges)
        return float(np.median([span.sum() for span in spans])) if len(self._users) else 0.0

    def levels(self, resource: UsedResource) -> Mapping[int, tuple[float, float]]:
        """Return mean rate and use by the number of users, over moments in which that did not change."""
        rows_of: dict[int, list[tuple[float, float, float]]] = defaultdict(list)
        for before_s, at_s, use in zip(resource.at_s[:-1], resource.at_s[1:], resource.use[1:], strict=True):
            first = int(np.searchsorted(self.end_s, before_s, side="right"))
            last = int(np.searchsorted(self.end_s, at_s - 0.5, side="right"))
            if before_s < self.begin_s[0] or last >= len(self._users) or first > last:
                continue
            if self._users[first] and (self._users[first : last + 1] == self._users[first]).all():
                seconds = self.end_s[last] - self.begin_s[first]
                count = self._total[last + 1] - self._total[first]
                rows_of[int(self._users[first])].append((seconds, count, use))
        return {
            users: (
                sum(count for _, count, _ in rows) / sum(seconds for seconds, _, _ in rows),
                float(np.average([use for _, _, use in rows], weights=[seconds for seconds, _, _ in rows])),
            )
            for users, rows in rows_of.items()
        }


def used_resources(reader: ServiceReader, since_us: int, until_us: int, services: Iterable[str]) -> list[UsedResource]:
    """Return what hosts, and runtimes and pools of services, used in that time.

    Raises:
        TelemetryError: If the telemetry cannot be asked.
    """
    since_ns, until_ns = (since_us - _BEFORE_S * 1_000_000) * 1000, until_us * 1000
    hosts = [*reader.host_points(since_ns, until_ns, every_s=1, figure="cpu")]
    hosts += reader.host_points(since_ns, until_ns, every_s=1, figure="memory")
    resources = list(_of_hosts(hosts))
    for service in services:
        resources += _of_runtime(service, reader.runtime_points(service, since_ns, until_ns, every_s=1))
    return resources


def _of_hosts(points: Iterable[HostPoint]) -> Iterator[UsedResource]:
    rows: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for point in points:
        rows[f"{'CPU' if point.figure == 'cpu' else point.figure} of {point.host}"].append((point.at_s, point.value))
    yield from (_resource(name, 1.0, own) for name, own in rows.items())


def _of_runtime(service: str, points: Sequence[RuntimePoint]) -> Iterator[UsedResource]:
    """Yield shares, pools beside their sizes, and the one processor that a Python interpreter may use."""
    use: dict[tuple[str, str, str], dict[int, float]] = defaultdict(lambda: defaultdict(float))
    sizes: dict[tuple[str, str, str], float] = {}
    python = {point.instance for point in points if point.metric.startswith("cpython.")}
    of_pool, of_size = dict(_POOLS), {size: pool for pool, size in _POOLS}
    for point in points:
        words = point.part.split()
        part = " ".join(word for word in words if word not in _STATES)
        if point.metric in of_size:
            sizes[of_size[point.metric], point.instance, part] = point.value
        elif point.metric in of_pool and not _FREE.intersection(words):
            use[point.metric, point.instance, part][point.at_s] += point.value
        elif point.metric in _SHARES or _is_python_time(point, python):
            use[point.metric, point.instance, ""][point.at_s] += point.value
            sizes[point.metric, point.instance, ""] = 1.0
    for key, values in use.items():
        metric, instance, part = key
        if sizes.get(key, 0.0) > 0:
            what = "Python's processor" if metric == "process.cpu.time" else metric
            where = " ".join(word for word in (instance, part) if word)
            yield _resource(f"{what} of {service}{f' ({where})' if where else ''}", sizes[key], list(values.items()))


def _is_python_time(point: RuntimePoint, python: set[str]) -> bool:
    return point.metric == "process.cpu.time" and point.kind == "rate" and point.instance in python


def _resource(name: str, full: float, rows: list[tuple[int, float]]) -> UsedResource:
    ordered = sorted(rows)
    return UsedResource(
        name, full, np.array([at for at, _ in ordered], float), np.array([use for _, use in ordered], float)
    )
