"""The seam for whoever makes runs: an object that hears runs and lets time pass, and keeps all of it in the store."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog

from outrider.alerts.backtest import stored_run, watched_runs
from outrider.alerts.burn_rate import Burn
from outrider.alerts.finding import Facts, Finding, FindingKey, Problem
from outrider.alerts.incident_tracker import IncidentTracker
from outrider.alerts.run_findings import FindingContext, findings
from outrider.model import Outcome, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrider.alerts.alert_settings import AlertSettings
    from outrider.alerts.delivery import Health
    from outrider.model import Check, Run, RunSummary
    from outrider.runs import Judge, Judgement
    from outrider.store import Store

_LOOK_BACK_US = 600_000_000
_NOTE_EVERY_US = 10_000_000
_log = structlog.get_logger("outrider.alerts")


class AlertProcessor:
    """Incidents of a workspace, kept in its store; every method may be called from any thread.

    Transitions and the notifications that tell of them are written in one transaction. If that fails the changes are
    kept in memory and written with the next ones.

    Args:
        store: Where everything is kept; other processes acknowledge and silence by writing there.
        settings: Of `scheduler/alerts.toml`.
        now_us: What time it is, microseconds UTC.
        checks: What is known of checks, for labels.
        workspace: Its name, for messages.
    """

    def __init__(
        self, store: Store, settings: AlertSettings, now_us: int, *, checks: Iterable[Check] = (), workspace: str = ""
    ) -> None:
        self._store = store
        self._settings = settings
        state = store.incidents.state(now_us - settings.stability.reopen_us)
        self._tracker = IncidentTracker(settings, state, workspace=workspace)
        self._checks = {str(check.id): check for check in checks}
        self._burn = Burn(settings.budgets)
        self._lock = threading.RLock()
        self._noted_us = 0
        self._tracker.silences = store.silences.ending_after(now_us)

    def know(self, checks: Iterable[Check]) -> None:
        """Replace what is known of checks, after the workspace changed."""
        with self._lock:
            self._checks = {str(check.id): check for check in checks}

    def heard(self, run: Run, judgements: Sequence[Judgement], *, now_us: int | None = None) -> None:
        """Hear a run that is stored, and what the judge says of it; the same run twice changes nothing.

        Args:
            run: As it was recorded.
            judgements: What the judge said; none for a run that tells nothing.
            now_us: When; when it finished if absent.
        """
        with self._lock:
            context = FindingContext(self._checks, self._settings.certificate_days, self._artifacts(run))
            run_findings = findings(run, judgements, context)
            labels = run_findings[0].labels if run_findings else {}
            run_findings += self._burn.seen(run, labels)
            self._tracker.hear(run_findings, run.finished_us if now_us is None else now_us)
            self._write()

    def noticed(self, new_findings: Iterable[Finding], now_us: int) -> None:
        """Hear what is no run: a full disk, a forecast, a change point."""
        with self._lock:
            self._tracker.hear(new_findings, now_us)
            self._write()

    def ticked(self, now_us: int, channels: Sequence[Health] = ()) -> None:
        """Let time pass, about once a second: hear people, tell what is due, notice channels that are dead."""
        with self._lock:
            self._tracker.silences = self._store.silences.ending_after(now_us)
            for acknowledgement in self._store.incidents.acknowledgements():
                self._tracker.said(acknowledgement, now_us)
            self._tracker.hear([_channel(channel, now_us) for channel in channels], now_us)
            set_back_us = self._tracker.tick(now_us)
            if set_back_us:
                seconds = set_back_us / 1_000_000
                _log.warning("alerts.clock-set-back", seconds=seconds, effect="waiting times go on as they were")
            self._write()
            if not 0 <= now_us - self._noted_us < _NOTE_EVERY_US:
                self._store.incidents.mark_processed(now_us)
                self._noted_us = now_us

    def catch_up(self, judge: Judge, now_us: int) -> int:
        """Hear what was stored before a crash and perhaps not heard, before anything else; return how many runs.

        The latest run of each check is judged; those before it matter where one of them did not pass.
        """
        since_us = (self._store.incidents.processed_us() or now_us) - _LOOK_BACK_US
        runs = watched_runs(self._store, since_us)
        latest = {_place(summary): summary.id for summary in runs}
        unwell = {_place(summary) for summary in runs if summary.outcome is not Outcome.PASSED}
        missed_runs = [
            summary for summary in runs if summary.id == latest[_place(summary)] or _place(summary) in unwell
        ]
        for summary in missed_runs:
            if summary.id == latest[_place(summary)]:
                run = self._store.runs.get(summary.id).run
                self.heard(run, judge.judge(run))
            else:
                self.heard(stored_run(self._store, summary), [])
        return len(missed_runs)

    def _artifacts(self, run: Run) -> tuple[str, ...]:
        """Return where the last artifact of each kind lies; nothing is looked up for a run that passed."""
        if run.outcome.is_good or not any(attempt.measurement.artifacts for attempt in run.attempts):
            return ()
        last = {artifact.kind.value: artifact.where for artifact in self._store.runs.get(run.id).artifacts}
        return tuple(f"{kind} {where}" for kind, where in last.items())

    def _write(self) -> None:
        changes = self._tracker.changes()
        if not changes:
            return
        try:
            self._store.incidents.record(changes)
        except BaseException:
            self._tracker.restore(changes)
            raise


def _place(run: RunSummary) -> tuple[str, str, str]:
    return run.check, run.environment, run.location


def _channel(health: Health, now_us: int) -> Finding:
    key = FindingKey(Problem.OUTRIDER, Subject(f"channel:{health.receiver}"))
    facts = Facts(f"the channel {health.receiver} is dead: {health.why}")
    labels = {"trouble": Problem.OUTRIDER.value, "receiver": health.receiver, "fault": "channel dead"}
    return Finding(key, health.is_dead, now_us, facts, (f"channel:{health.receiver}",), labels, once=True)
