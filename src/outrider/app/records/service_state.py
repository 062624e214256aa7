"""The state of a workspace's service, read from the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.app.access.host_turns import host_turns
from outrider.app.access.process_record import supervised_processes
from outrider.app.access.setting_overrides import overridden_settings
from outrider.app.access.workspace_access import now_us
from outrider.app.lookup.telemetry_day import TelemetryDay, telemetry_day
from outrider.runs import aggregate_statuses, coverage_since, last_runs_by_place
from outrider.scheduler import is_dead

if TYPE_CHECKING:
    from outrider.model import Coverage, HostTurn, Pause, ProcessView, RunSummary, ServiceRecords
    from outrider.runs import AggregateStatus
    from outrider.workspace import SettingState, Workspace

_STILL_US = 15_000_000
"""A leader that was not seen for so long does not run."""


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """What runs now, how each check did last, and how much of what was due happened.

    Attributes:
        leader: Host and process that lead, or led last; empty if none ever did.
        leader_seen_us: When it was seen last, microseconds UTC.
        waiting: Runs in the queue.
        running: Runs under way.
        last_runs: The last run of each check and location.
        turns: Runs that take turns on this host, of whatever workspace, in order of arrival.
        coverage: By check and location, over the workspace's coverage window.
        aggregates: What the judge said last of each series that no run measures.
        processes: Of each `outrider up` of the workspace on this host.
        overrides: Settings that are set beside `outrider.toml`.
    """

    is_running: bool
    leader: str
    leader_seen_us: int | None
    waiting: int
    running: int
    pauses: tuple[Pause, ...]
    last_runs: tuple[RunSummary, ...]
    coverage: tuple[Coverage, ...]
    turns: tuple[HostTurn, ...] = ()
    aggregates: tuple[AggregateStatus, ...] = ()
    processes: tuple[ProcessView, ...] = ()
    overrides: tuple[SettingState, ...] = ()
    telemetry: TelemetryDay | None = None


def service_status(workspace: Workspace, store: ServiceRecords) -> ServiceStatus:
    """Return the state of the service that runs the workspace's checks."""
    at_us = now_us()
    leader = store.schedule.leadership()
    is_alive = leader is not None and bool(leader.holder) and not is_dead(leader.holder)
    is_seen = leader is not None and at_us - leader.at_us <= _STILL_US
    waiting, running = store.schedule.length()
    pauses, newest = store.schedule.pauses(), store.runs.latest()
    since_us = at_us - round(workspace.service.coverage_s * 1e6)
    coverage = coverage_since(store, [run.check for run in newest], since_us, at_us)
    return ServiceStatus(
        is_running=is_alive and is_seen,
        leader="" if leader is None else leader.holder,
        leader_seen_us=None if leader is None else leader.at_us,
        waiting=waiting,
        running=running,
        pauses=pauses,
        last_runs=last_runs_by_place(store.history, newest, coverage),
        coverage=coverage,
        turns=host_turns(workspace).queue(),
        aggregates=aggregate_statuses(store),
        processes=supervised_processes(workspace.state),
        overrides=overridden_settings(workspace.root, store.overrides.all()),
        telemetry=telemetry_day(workspace.state),
    )
