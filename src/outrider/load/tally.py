"""Counts requests in the process that makes them, second by second."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.load.endpoint_names import OTHERS
from outrider.load.wire import Counted, Failures, Requests, Second
from outrider.model import bounded, bucket_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_GROUPS = 200
_MOST_SAMPLES = 3
_MOST_TRACES = 20
_SAMPLE_CHARACTERS = 2_000
_GROUP_CHARACTERS = 200
_CHANGING = re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}\b|\d{4,}")


@dataclass(slots=True)
class _Endpoint:
    """Counts by bucket."""

    succeeded: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    failed: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    unanswered: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    intended: dict[int, int] | None = None
    received_bytes: int = 0


@dataclass(slots=True)
class _Group:
    count: int = 0
    samples: list[str] = field(default_factory=list)


def others(endpoint: str) -> tuple[str, str]:
    """Return the group of failures that have no group of their own: exceptions of the user's code keep apart."""
    return (OTHERS if endpoint else "", OTHERS)


class Tally:
    """What happened since it was last taken.

    Args:
        generator: Name of this process.
        paced: Whether requests have an intended start.
    """

    def __init__(self, generator: str, *, paced: bool = False) -> None:
        self.generator = generator
        self.paced = paced
        self._seconds: dict[int, dict[str, _Endpoint]] = {}
        self._pulses: dict[int, tuple[float, float, float]] = {}
        self._groups: dict[tuple[str, str], _Group] = defaultdict(_Group)
        self._refused: dict[str, None] = {}
        self._traces: list[tuple[str, str]] = []
        self.open: dict[str, _Endpoint] = {}
        self.activities: Mapping[str, int] = {}

    def answered(
        self,
        at_s: float,
        endpoint: str,
        took_ms: float,
        *,
        failed: bool,
        intended_ms: float,
        received_bytes: int,
        count: int = 1,
    ) -> None:
        """Count a request that is over.

        Args:
            at_s: When it was over, seconds since the epoch.
            endpoint: Method and name.
            took_ms: From sending.
            failed: Whether it did.
            intended_ms: From when it should have been sent.
            received_bytes: Of the answer's body.
            count: Minus one takes back what was counted.
        """
        counts = self._endpoint(int(at_s), endpoint)
        (counts.failed if failed else counts.succeeded)[bucket_of(took_ms)] += count
        counts.received_bytes += received_bytes * count
        if counts.intended is not None:
            counts.intended[bucket_of(intended_ms)] += count

    def unanswered(self, at_s: float, endpoint: str, age_ms: float, intended_ages_ms: Sequence[float]) -> None:
        """Count a request that was given up without an answer, as old as it was."""
        _add_open(self._endpoint(int(at_s), endpoint), age_ms, intended_ages_ms)

    def still_open(self, endpoint: str, age_ms: float, intended_ages_ms: Sequence[float]) -> None:
        """Note a request that has no answer yet, until `open` is cleared."""
        _add_open(self.open.setdefault(endpoint, self._new_endpoint()), age_ms, intended_ages_ms)

    def skipped(self, at_s: float, endpoint: str, intended_ms: float) -> None:
        """Count a request that should have been sent while its user was held up, and was not."""
        counts = self._endpoint(int(at_s), endpoint)
        if counts.intended is not None:
            counts.intended[bucket_of(intended_ms)] += 1

    def failed(self, endpoint: str, message: str) -> None:
        """Note why a request failed, or a user without an endpoint."""
        whole = bounded(message, _SAMPLE_CHARACTERS)
        alike = _CHANGING.sub("…", whole)
        key = (endpoint, alike if len(alike) <= _GROUP_CHARACTERS else f"{alike[: _GROUP_CHARACTERS - 1]}…")
        if key not in self._groups and len(self._groups) >= MOST_GROUPS:
            key = others(endpoint)
        group = self._groups[key]
        group.count += 1
        if len(group.samples) < _MOST_SAMPLES and whole not in group.samples:
            group.samples.append(whole)

    def traced(self, trace_id: str, endpoint: str) -> None:
        """Note a trace that a request begins; of many between two reports the first ones."""
        if len(self._traces) < _MOST_TRACES:
            self._traces.append((trace_id, endpoint))

    def refused(self, host: str) -> None:
        """Note a host that no load may go to; may be called from any thread."""
        self._refused[host] = None

    def beat(self, at_s: float, cpu_share: float, lag_ms: float, late_s: float) -> None:
        """Note how busy this process was within a second, and how late it is."""
        self._pulses[int(at_s)] = (cpu_share, lag_ms, late_s)
        self._seconds.setdefault(int(at_s), {})

    def take(self) -> Counted:
        """Return what was counted, and begin anew."""
        seconds, self._seconds = self._seconds, {}
        pulses, self._pulses = self._pulses, {}
        groups, self._groups = self._groups, defaultdict(_Group)
        traces, self._traces = self._traces, []
        return Counted(
            self.generator,
            tuple(Second(at, *pulses.get(at, (0.0, 0.0, 0.0)), _requests(seconds[at])) for at in sorted(seconds)),
            tuple(Failures(*key, group.count, tuple(group.samples)) for key, group in groups.items()),
            tuple(self._refused),
            _requests(self.open),
            self.activities,
            tuple(traces),
        )

    def _endpoint(self, at: int, endpoint: str) -> _Endpoint:
        endpoints = self._seconds.get(at)
        if endpoints is None:
            endpoints = self._seconds[at] = {}
        counts = endpoints.get(endpoint)
        if counts is None:
            counts = endpoints[endpoint] = self._new_endpoint()
        return counts

    def _new_endpoint(self) -> _Endpoint:
        return _Endpoint(intended=defaultdict(int) if self.paced else None)


def _add_open(counts: _Endpoint, age_ms: float, intended_ages_ms: Sequence[float]) -> None:
    counts.unanswered[bucket_of(age_ms)] += 1
    if counts.intended is not None:
        for intended_ms in intended_ages_ms:
            counts.intended[bucket_of(intended_ms)] += 1


def _requests(endpoints: dict[str, _Endpoint]) -> tuple[Requests, ...]:
    return tuple(_counted(name, part) for name, part in endpoints.items())


def _counted(name: str, part: _Endpoint) -> Requests:
    intended = None if part.intended is None else dict(part.intended)
    return Requests(name, dict(part.succeeded), dict(part.failed), intended, part.received_bytes, dict(part.unanswered))
