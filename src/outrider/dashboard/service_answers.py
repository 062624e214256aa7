"""What the API answers about the state of the service and its checks, and about silences before they are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.alerts import AlertSettings, silence_effect, why_muted
from outrider.dashboard.api_values import RunItem, instant, run_item
from outrider.dashboard.overview import lasting_incidents
from outrider.dashboard.settings_page import SettingItem, setting_item
from outrider.runs import aggregate_statuses, coverage_since, last_runs_by_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.dashboard.sources import Sources

_STILL_US = 15_000_000
"""A leader that was not seen for so long does not run."""


@dataclass(frozen=True, slots=True)
class TurnOfHost:
    """A run that takes its turn on the server's host; `began` is null while it waits."""

    check: str
    workspace: str
    process: int
    claimed: str | None
    began: str | None


@dataclass(frozen=True, slots=True)
class PauseItem:
    """A check that makes no runs."""

    check: str
    since: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class CoverageItem:
    """How many runs of a check were due in a place, within the period of `coverage_over`, and how many happened."""

    check: str
    environment: str
    location: str
    due: int
    happened: int


@dataclass(frozen=True, slots=True)
class AggregateItem:
    """What the judge said last of a series that no run measures; `at` is null and `condition` empty before that."""

    subject: str
    step: str
    metric: str
    environment: str
    location: str
    at: str | None
    condition: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProcessItem:
    """A process of `outrider up`; `pid` is null while it does not run, and `problem` says how it ended last."""

    name: str
    pid: int | None
    since: str | None
    restarts: int
    problem: str


@dataclass(frozen=True, slots=True)
class UndeliveredItem:
    """Notifications to a receiver that were given up, and why the last of them was."""

    receiver: str
    count: int
    note: str


@dataclass(frozen=True, slots=True)
class StatusBody:
    """How the service and its checks do; `muted` says of incidents that last why they notify nobody now.

    `overrides` are settings that are set beside `outrider.toml`.
    """

    running: bool
    leader: str
    leader_seen: str | None
    timezone: str
    waiting: int
    under_way: int
    turns: tuple[TurnOfHost, ...]
    paused: tuple[PauseItem, ...]
    last_runs: tuple[RunItem, ...]
    coverage: tuple[CoverageItem, ...]
    aggregates: tuple[AggregateItem, ...]
    undelivered: tuple[UndeliveredItem, ...]
    muted: dict[str, str]
    processes: tuple[ProcessItem, ...]
    overrides: tuple[SettingItem, ...]


@dataclass(frozen=True, slots=True)
class SilencePreviewBody:
    """What a silence would mute now: how many incidents that last, and checks; `labels` are all that there are."""

    incidents: int
    checks: int
    labels: tuple[str, ...]


def api_status(sources: Sources) -> StatusBody:
    """Return how the service and its checks do."""
    service, store = sources.service(), sources.store
    leader = store.schedule.leadership()
    waiting, running = store.schedule.length()
    newest, now_us = store.runs.latest(), sources.now_us()
    since_us = now_us - round(sources.coverage_s * 1e6)
    coverage = coverage_since(store, [run.check for run in newest], since_us, now_us)
    return StatusBody(
        running=service.is_alive
        and leader is not None
        and bool(leader.holder)
        and now_us - leader.at_us <= _STILL_US,
        leader="" if leader is None else leader.holder,
        leader_seen=None if leader is None else instant(leader.at_us),
        timezone=service.timezone, waiting=waiting, under_way=running,
        turns=tuple(
            TurnOfHost(turn.claim.check, turn.workspace, turn.pid, instant(turn.claimed_us), instant(turn.began_us))
            for turn in service.turns
        ),
        paused=tuple(PauseItem(row.check, instant(row.since_us), row.reason) for row in store.schedule.pauses()),
        last_runs=tuple(map(run_item, last_runs_by_place(store.history, newest, coverage))),
        coverage=tuple(
            CoverageItem(row.check, row.environment, row.location, row.due, row.happened)
            for row in coverage
        ),
        aggregates=tuple(
            AggregateItem(
                row.subject, row.step, row.metric, row.environment, row.location, instant(row.at_us), row.condition,
                row.reason,
            )
            for row in aggregate_statuses(store)
        ),
        undelivered=tuple(UndeliveredItem(row.receiver, row.count, row.note) for row in store.outbox.undelivered()),
        muted=_muted(sources),
        processes=tuple(
            ProcessItem(row.name, row.pid, instant(row.since_us), row.restarts, row.problem)
            for row in service.processes
        ),
        overrides=tuple(
            setting_item(state)
            for state in (sources.settings.all() if sources.settings is not None else ())
            if state.at_us is not None
        ),
    )  # fmt: skip


def _muted(sources: Sources) -> dict[str, str]:
    if sources.alerts is None:
        return {}
    now_us = sources.now_us()
    lasting, silences = lasting_incidents(sources.store.incidents)[0], sources.store.silences.ending_after(now_us)
    reasons = {incident.id: why_muted(incident, lasting, silences, sources.alerts, now_us) for incident in lasting}
    return {name: reason for name, reason in reasons.items() if reason}


def api_silence_preview(sources: Sources, matchers: Sequence[str]) -> SilencePreviewBody:
    """Return what a silence with these matchers would mute now.

    Raises:
        UsageError: bad-matcher.
    """
    lasting = lasting_incidents(sources.store.incidents)[0]
    effect = silence_effect(matchers, lasting, sources.checks() or (), sources.alerts or AlertSettings())
    counts = (effect.incidents, effect.checks) if matchers else (0, 0)
    return SilencePreviewBody(*counts, effect.labels)
