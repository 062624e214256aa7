"""Merge what the processes of a load report into seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.load.wire import Counted, Ended, Pulse, Ready, Started
from outrider.model import EndpointLoad, FailureGroup, Histogram, LoadInterval, LoadResult, by_endpoint
from outrider.workspace import Redactor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.load.wire import Failures, Requests, Said, Second

MOST_ENDPOINTS = 200
OTHERS = "others"
"""Where requests go whose names are too many; a locustfile that names every URL has no endpoints."""

MOST_INTERVALS = 600
_MOST_GROUPS = 200
_MOST_SAMPLES = 5
_MASTER = "MasterRunner"
_SILENT_S = 2.0
_UNDECLARED = Redactor()


@dataclass(slots=True)
class _Second:
    users: int | None = None
    workers: int = 0
    cpu_share: float = 0.0
    lag_ms: float = 0.0
    late_s: float = 0.0
    parts: list[EndpointLoad] = field(default_factory=list)


@dataclass(slots=True)
class _Group:
    count: int = 0
    samples: dict[str, None] = field(default_factory=dict)


class LoadTimeline:
    """What is known of a load so far; times are seconds since the epoch.

    Args:
        redactor: What is said passes it, since a terminal shows it before the load is stored.
    """

    def __init__(self, redactor: Redactor = _UNDECLARED) -> None:
        self._redactor = redactor
        self.ready: Ready | None = None
        self.started_s: float | None = None
        self.ended: Ended | None = None
        self.refused: dict[str, None] = {}
        self.workers = 0
        self.spawned = 0
        self._seconds: dict[int, _Second] = {}
        self._names: set[str] = set()
        self._groups: dict[tuple[str, str], _Group] = {}
        self._last_heard: dict[str, int] = {}

    def hear(self, said: Said) -> None:
        """Take in what was said."""
        match said := self._redactor.value(said):
            case Ready():
                self.ready = said
            case Started():
                self.started_s = said.at_s
            case Ended():
                self.ended = said
            case Pulse():
                second = self._second(int(said.at_s - 0.5))
                second.users, second.workers = said.users, said.workers
                self.workers, self.spawned = said.workers, max(self.spawned, said.spawned)
            case Counted():
                self._count(said)

    def lost(self, end_s: float) -> list[str]:
        """Return the generators that fell silent before the load ended."""
        return [
            name for name, at in self._last_heard.items() if name != _MASTER and at + 1 + _SILENT_S < end_s
        ]  # fmt: skip

    def intervals(self, until_s: float, last: int | None = None) -> tuple[LoadInterval, ...]:
        """Return the seconds of the load that began before `until_s`, the last one cut off there.

        Args:
            until_s: Usually when the load ended.
            last: How many at most, the latest ones; None for all.
        """
        if self.started_s is None:
            return ()
        began = int(self.started_s)
        known = sorted(at for at in self._seconds if began <= at < until_s)
        users, found = 0, []
        for at in known if last is None else known[-last:]:
            second = self._seconds[at]
            users = users if second.users is None else second.users
            begin_s = max(float(at), self.started_s)
            found.append(
                LoadInterval(
                    begin_s - self.started_s, max(0.001, min(at + 1.0, until_s) - begin_s), users, second.workers,
                    second.cpu_share, second.lag_ms, second.late_s, by_endpoint(second.parts),
                )
            )  # fmt: skip
        return tuple(found)

    def failures(self) -> tuple[FailureGroup, ...]:
        """Return what failed, the most frequent first."""
        groups = (FailureGroup(*key, group.count, tuple(group.samples)) for key, group in self._groups.items())
        return tuple(sorted(groups, key=lambda one: -one.count))

    def result(self, until_s: float) -> LoadResult:
        """Return the load until then, in as many intervals as are kept."""
        return LoadResult(thinned(self.intervals(until_s), MOST_INTERVALS), self.failures())

    def _second(self, at: int) -> _Second:
        return self._seconds.setdefault(at, _Second())

    def _count(self, said: Counted) -> None:
        self.refused.update(dict.fromkeys(said.refused))
        for second in said.seconds:
            self._add(second)
        if said.seconds:
            self._last_heard[said.generator] = max(said.seconds[-1].at, self._last_heard.get(said.generator, 0))
        for failures in said.failures:
            self._fail(failures)

    def _add(self, said: Second) -> None:
        second = self._second(said.at)
        second.cpu_share = max(second.cpu_share, said.cpu_share)
        second.lag_ms = max(second.lag_ms, said.lag_ms)
        second.late_s = max(second.late_s, said.late_s)
        second.parts += (self._part(one) for one in said.requests)

    def _part(self, said: Requests) -> EndpointLoad:
        name = said.endpoint if said.endpoint in self._names or len(self._names) < MOST_ENDPOINTS else OTHERS
        self._names.add(name)
        intended = None if said.intended is None else Histogram(said.intended)
        return EndpointLoad(name, Histogram(said.succeeded), Histogram(said.failed), intended, said.received_bytes)

    def _fail(self, said: Failures) -> None:
        key = (said.endpoint, said.message)
        if key not in self._groups and len(self._groups) >= _MOST_GROUPS:
            key = ("", OTHERS)
        group = self._groups.setdefault(key, _Group())
        group.count += said.count
        for sample in said.samples:
            if len(group.samples) < _MOST_SAMPLES:
                group.samples[sample] = None


def thinned(intervals: Sequence[LoadInterval], most: int) -> tuple[LoadInterval, ...]:
    """Return at most so many intervals, neighbours merged: nothing is lost but when exactly it was."""
    each = -(-len(intervals) // most)
    return tuple(_joined(intervals[start : start + each]) for start in range(0, len(intervals), each or 1))


def _joined(intervals: Sequence[LoadInterval]) -> LoadInterval:
    if len(intervals) == 1:
        return intervals[0]
    first, last = intervals[0], intervals[-1]
    return LoadInterval(
        offset_s=first.offset_s,
        length_s=sum(one.length_s for one in intervals),
        users=last.users,
        workers=min(one.workers for one in intervals),
        cpu_share=max(one.cpu_share for one in intervals),
        lag_ms=max(one.lag_ms for one in intervals),
        late_s=max(one.late_s for one in intervals),
        endpoints=by_endpoint(part for one in intervals for part in one.endpoints),
    )
