"""How the service does at one moment: plain values that pages and metrics are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.model.host_turn import HostTurn
    from outrider.model.measurement import Sample


_GRAVE = {"service", "store", "recording", "workspace", "scheduler"}
"""Subjects of problems with which a process is not ready."""


@dataclass(frozen=True, slots=True)
class CheckView:
    """A check in a location.

    Attributes:
        outcome: Of its last run; empty if it made none yet.
        runs: How many of its runs ended how, since the service began.
        due_us: When its last run was due, microseconds UTC.
        finished_us: When its last run ended, microseconds UTC.
        samples: What the first attempt of its last run measured.
        status: Status code of the last HTTP answer in that attempt, if there was one.
    """

    check: str
    location: str
    outcome: str = ""
    reason: str = ""
    due_us: int = 0
    duration_s: float = 0.0
    runs: Mapping[str, int] = field(default_factory=dict)
    paused: bool = False
    finished_us: int = 0
    samples: tuple[Sample, ...] = ()
    status: int | None = None

    @property
    def coverage(self) -> float:
        """Runs that happened over runs that were due, since the service began; 1 if none was due."""
        due = sum(self.runs.values())
        absent = self.runs.get("skipped", 0) + self.runs.get("missed", 0)
        return (due - absent) / due if due else 1.0


@dataclass(frozen=True, slots=True)
class ProcessView:
    """A process of the service, as its supervisor sees it.

    Attributes:
        name: Such as `scheduler` or `web`.
        pid: Its number; None while it does not run.
        since_us: When it began, or when it ended if it does not run, microseconds UTC.
        restarts: How many times it was started again.
        problem: How it ended last, such as "killed by SIGKILL"; empty if it never did.
    """

    name: str
    pid: int | None
    since_us: int
    restarts: int = 0
    problem: str = ""

    @property
    def is_running(self) -> bool:
        """Whether it runs."""
        return self.pid is not None


@dataclass(frozen=True, slots=True)
class LostTelemetry:
    """How much of a day's telemetry of one sender was not kept as it was sent.

    Attributes:
        signal: `logs`, `traces` or `metrics`; empty where it may be any.
        reason: What became of it, such as "beyond the budget of the day".
        count: Records, unless the reason says otherwise.
        source: Who sent it: `token NAME`, or how it came without one; `other` of many, empty where that is not known.
        service: Of the records, likewise.
    """

    signal: str
    reason: str
    count: int
    source: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True)
class ServiceView:
    """The service.

    Attributes:
        problems: What is wrong now, by subject.
        ticked_s: Seconds since the service last looked at what is due.
        lags: How many runs began within each bound [s] after they were due; None is the last bound.
        timezone: IANA name of the zone in which people read times.
        turns: Runs that take turns on this host, of whatever workspace, in order of arrival.
        incidents: How many are open, by problem and severity.
        processes: Of `outrider up`; empty where nothing supervises.
        telemetry_lost: What was not kept of today's telemetry as it was sent.
        is_led: Whether another process on the same store leads, and lives.
    """

    leads: bool
    loaded: bool
    checks: tuple[CheckView, ...]
    problems: Mapping[str, str]
    ticked_s: float
    waiting: int
    running: int
    unjudged: int
    findings: tuple[str, ...] = ()
    events: Mapping[str, int] = field(default_factory=dict)
    lags: tuple[tuple[float | None, int], ...] = ()
    lag_sum_s: float = 0.0
    timezone: str = "UTC"
    turns: tuple[HostTurn, ...] = ()
    incidents: Mapping[tuple[str, str], int] = field(default_factory=dict)
    processes: tuple[ProcessView, ...] = ()
    telemetry_lost: tuple[LostTelemetry, ...] = ()
    is_led: bool = False

    @property
    def is_alive(self) -> bool:
        """Whether the service still turns; a tick may wait half a minute for a locked store."""
        return self.ticked_s < 60.0

    @property
    def is_ready(self) -> bool:
        """Whether checks run as they should."""
        return self.leads and self._does_well

    @property
    def is_beside(self) -> bool:
        """Whether pages are as good as at another process, which leads."""
        return not self.leads and self.is_led and self._does_well

    @property
    def _does_well(self) -> bool:
        return self.is_alive and self.loaded and not self.problems.keys() & _GRAVE
