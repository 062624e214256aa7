"""Merge what the processes of a load report into seconds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.load.endpoint_names import EndpointNames, with_others
from outrider.load.tally import MOST_GROUPS, others
from outrider.load.wire import Counted, Ended, Pulse, Ready, Started, Stopping
from outrider.model import (
    AttemptTrace,
    EndpointLoad,
    FailureGroup,
    Histogram,
    LoadInterval,
    LoadResult,
    Origin,
    by_endpoint,
)
from outrider.workspace import Redactor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.load.wire import ChildMessage, Failures, Requests, Second

MOST_ENDPOINTS = 200
_MOST_HELD = 1_000
"""Names that are told apart during the load, before the rarest are given up."""

MOST_INTERVALS = 600
MOST_TRACES = 200
_MOST_SAMPLES = 5
_MASTER = "MasterRunner"
_SILENT_S = 2.0
_UNDECLARED = Redactor()


@dataclass(slots=True)
class _Second:
    users: int | None = None
    asked: int | None = None
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
        self.stopping_s: float | None = None
        self.ended: Ended | None = None
        self.refused: dict[str, None] = {}
        self.workers = 0
        self.spawned = 0
        self._seconds: dict[int, _Second] = {}
        self._names = EndpointNames()
        self._groups: dict[tuple[str, str], _Group] = {}
        self._last_report: dict[str, int] = {}
        self._open: dict[str, tuple[Requests, ...]] = {}
        self._traces: list[tuple[str, str]] = []
        self._trace_stride = 1
        self._traces_seen = 0
        self._activities: dict[str, Mapping[str, int]] = {}

    def receive(self, message: ChildMessage) -> None:
        """Add a message of the child."""
        match message := self._redactor.value(message):
            case Ready():
                self.ready = message
            case Started():
                self.started_s = message.at_s
            case Stopping():
                self.stopping_s = message.at_s if self.stopping_s is None else self.stopping_s
            case Ended():
                self.ended = message
            case Pulse():
                second = self._second(int(message.at_s - 0.5))
                second.users, second.workers, second.asked = message.users, message.workers, message.asked
                self.workers, self.spawned = message.workers, max(self.spawned, message.spawned)
            case Counted():
                self._count(message)

    @property
    def activities(self) -> Mapping[str, int]:
        """How many users do what, the most frequent first; empty where requests were made."""
        total: Counter[str] = Counter()
        for activities in self._activities.values():
            total.update(activities)
        return dict(total.most_common())

    def traces(self) -> tuple[AttemptTrace, ...]:
        """Return the traces that requests began, `MOST_TRACES` at most, spread over the load."""
        stride = -(-len(self._traces) // MOST_TRACES) or 1
        return tuple(AttemptTrace(trace_id, name, Origin.LOAD) for trace_id, name in self._traces[::stride])

    @property
    def reporters(self) -> int:
        """How many generators reported anything."""
        return len(self._last_report.keys() - {_MASTER})

    def lost(self, end_s: float) -> list[str]:
        """Return the generators that fell silent before the load ended."""
        return [
            name for name, at in self._last_report.items() if name != _MASTER and at + 1 + _SILENT_S < end_s
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
        users, intervals = 0, []
        for at in known if last is None else known[-last:]:
            second = self._seconds[at]
            users = users if second.users is None else second.users
            begin_s = max(float(at), self.started_s)
            intervals.append(
                LoadInterval(
                    begin_s - self.started_s, max(0.001, min(at + 1.0, until_s) - begin_s), users, second.workers,
                    second.cpu_share, second.lag_ms, second.late_s, by_endpoint(second.parts), second.asked,
                )
            )  # fmt: skip
        return tuple(intervals)

    def failures(self) -> tuple[FailureGroup, ...]:
        """Return what failed, the most frequent first."""
        groups = (FailureGroup(*key, group.count, tuple(group.samples)) for key, group in self._groups.items())
        return tuple(sorted(groups, key=lambda group: -group.count))

    def result(self, until_s: float) -> LoadResult:
        """Return the load until then, in as many intervals as are kept."""
        tail = self.tail(until_s)
        self._give_up_names(MOST_ENDPOINTS)
        chosen = self._names.chosen(MOST_ENDPOINTS)
        intervals = thinned(self.intervals(until_s), MOST_INTERVALS)
        return LoadResult(intervals, self.failures(), tail=with_others(tail, chosen))

    def tail(self, until_s: float) -> tuple[EndpointLoad, ...]:
        """Return the requests that were open at `until_s`: answered later, given up, or never heard of again."""
        if self.started_s is None:
            return ()
        late = [part for at, second in sorted(self._seconds.items()) if at >= until_s for part in second.parts]
        still_open = (self._part(requests) for generator in self._open.values() for requests in generator)
        return by_endpoint((*late, *still_open))

    def _second(self, at: int) -> _Second:
        return self._seconds.setdefault(at, _Second())

    def _count(self, counted: Counted) -> None:
        self.refused.update(dict.fromkeys(counted.refused))
        self._open[counted.generator] = counted.open
        self._activities[counted.generator] = counted.activities
        for second in counted.seconds:
            self._add(second)
        if len(self._names) > _MOST_HELD:
            self._give_up_names(_MOST_HELD // 2)
        if counted.seconds:
            before = self._last_report.get(counted.generator, 0)
            self._last_report[counted.generator] = max(counted.seconds[-1].at, before)
        for failures in counted.failures:
            self._fail(failures)
        for trace in counted.traces:
            self._note_trace(trace)

    def _note_trace(self, trace: tuple[str, str]) -> None:
        """Keep every n-th trace, n being doubled whenever there are too many."""
        self._traces_seen += 1
        if self._traces_seen % self._trace_stride == 0:
            self._traces.append(trace)
        if len(self._traces) > 2 * MOST_TRACES:
            self._traces = self._traces[::2]
            self._trace_stride *= 2

    def _add(self, reported: Second) -> None:
        second = self._second(reported.at)
        second.cpu_share = max(second.cpu_share, reported.cpu_share)
        second.lag_ms = max(second.lag_ms, reported.lag_ms)
        second.late_s = max(second.late_s, reported.late_s)
        second.parts += (self._part(requests) for requests in reported.requests)

    def _give_up_names(self, most: int) -> None:
        if len(self._names) <= most:
            return
        chosen = self._names.chosen(most)
        for second in self._seconds.values():
            second.parts = list(with_others(second.parts, chosen))
        self._names.keep(chosen)

    def _part(self, requests: Requests) -> EndpointLoad:
        intended = None if requests.intended is None else Histogram(requests.intended)
        succeeded, failed = Histogram(requests.succeeded), Histogram(requests.failed)
        unanswered = Histogram(requests.unanswered)
        part = EndpointLoad(requests.endpoint, succeeded, failed, intended, requests.received_bytes, unanswered)
        self._names.add(part)
        return part

    def _fail(self, failures: Failures) -> None:
        key = (failures.endpoint, failures.message)
        if key not in self._groups and len(self._groups) >= MOST_GROUPS:
            key = others(failures.endpoint)
        group = self._groups.setdefault(key, _Group())
        group.count += failures.count
        for sample in failures.samples:
            if len(group.samples) < _MOST_SAMPLES:
                group.samples[sample] = None


def thinned(intervals: Sequence[LoadInterval], most: int) -> tuple[LoadInterval, ...]:
    """Return at most so many intervals, neighbours merged: nothing is lost but when exactly it was."""
    size = -(-len(intervals) // most)
    return tuple(_joined(intervals[start : start + size]) for start in range(0, len(intervals), size or 1))


def _joined(intervals: Sequence[LoadInterval]) -> LoadInterval:
    if len(intervals) == 1:
        return intervals[0]
    first, last = intervals[0], intervals[-1]
    return LoadInterval(
        offset_s=first.offset_s,
        length_s=sum(interval.length_s for interval in intervals),
        users=last.users,
        workers=min(interval.workers for interval in intervals),
        cpu_share=max(interval.cpu_share for interval in intervals),
        lag_ms=max(interval.lag_ms for interval in intervals),
        late_s=max(interval.late_s for interval in intervals),
        endpoints=by_endpoint(part for interval in intervals for part in interval.endpoints),
        asked_users=last.asked_users,
    )
