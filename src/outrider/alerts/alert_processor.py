"""Alerting of one workspace: takes in runs and the passing of time, and keeps all of it in the store."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog

from outrider.alerts.backtest import stored_run, watched_runs
from outrider.alerts.burn_rate import Burn
from outrider.alerts.finding import RECEIVER, Facts, Finding, FindingKey, Problem, problem_labels
from outrider.alerts.incident_tracker import IncidentTracker
from outrider.alerts.location_votes import LocationVotes
from outrider.alerts.run_findings import RAISED, FindingContext, findings
from outrider.model import Outcome, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from outrider.alerts.alert_settings import AlertSettings
    from outrider.alerts.delivery import Health
    from outrider.alerts.incident import Incident, Quote
    from outrider.model import AlertRecords, Check, Run, RunSummary
    from outrider.runs import Judge, Judgement

_LOOK_BACK_US = 600_000_000
_NOTE_EVERY_US = 10_000_000
_COUNT_EVERY_US = 3_600_000_000
_DAY_US = 86_400_000_000
_BATCH = 20
_STORED_WITHIN_US = 5_000_000
"""A run is stored within this after it has finished, unless the store refuses."""

_log = structlog.get_logger("outrider.alerts")


class AlertProcessor:
    """Incidents of a workspace, kept in its store; every method may be called from any thread.

    Transitions and their notifications are written in one transaction. If that fails the changes are kept in memory and
    written with the next ones.

    Args:
        store: Where everything is kept; other processes acknowledge and silence by writing there.
        settings: Of `scheduler/alerts.toml`.
        now_us: What time it is, microseconds UTC.
        checks: Of the workspace, for titles and labels; nothing ends because one is not among them, see `know`.
        workspace: Its name, for messages.
    """

    def __init__(
        self,
        store: AlertRecords,
        settings: AlertSettings,
        now_us: int,
        *,
        checks: Iterable[Check] = (),
        workspace: str = "",
    ) -> None:
        self._store = store
        self._settings = settings
        state = store.incidents.state(now_us - settings.stability.reopen_us)
        self._tracker = IncidentTracker(settings, state, workspace=workspace)
        self._counted_us: int | None = None
        self._count_series(now_us)
        self._checks = {str(check.id): check for check in checks}
        self._burn = Burn(settings.budgets, self._earlier_here)
        self._votes = LocationVotes(self._earlier)
        self._lock = threading.RLock()
        self._is_retired = False
        self._noted_us = 0
        self._tracker.silences = store.silences.ending_after(now_us)

    def retire(self) -> None:
        """Write nothing from now on: another one keeps the incidents, and what threads know by this one is old."""
        self._is_retired = True

    def use_checks(self, checks: Iterable[Check], now_us: int) -> None:
        """Replace the checks, after the workspace changed; problems of those that are gone or off end at once."""
        with self._lock:
            self._checks = {str(check.id): check for check in checks}
            enabled = {identity for identity, check in self._checks.items() if check.policy.enabled}
            self._tracker.keep_checks(enabled, now_us)
            self._write()

    def process_run(self, run: Run, judgements: Sequence[Judgement], *, now_us: int | None = None) -> None:
        """Process a stored run and its judgements; the same run twice changes nothing.

        Args:
            run: As it was recorded.
            judgements: Of the judge; none for a run that is not conclusive.
            now_us: When; when it finished if absent.
        """
        with self._lock:
            votes = self._votes.votes(run, self._checks.get(run.check))
            context = FindingContext(
                self._checks, self._settings.certificate_days, self._artifacts(run), self._passed_before(run), votes
            )
            run_findings = findings(run, judgements, context)
            labels = run_findings[0].labels if run_findings else {}
            check = self._checks.get(run.check)
            run_findings += self._burn.seen(run, labels, check.title if check else "")
            self._tracker.observe(run_findings, run.finished_us if now_us is None else now_us)
            self._write()

    def process_findings(self, new_findings: Iterable[Finding], now_us: int) -> None:
        """Process findings of something other than a run: a full disk, a forecast, a change point."""
        with self._lock:
            self._tracker.observe(new_findings, now_us)
            self._write()

    def _count_series(self, now_us: int) -> None:
        """Count once an hour what shares the budget of false pages."""
        if self._counted_us is None or not 0 <= now_us - self._counted_us < _COUNT_EVERY_US:
            self._tracker.series = max(1, self._store.judgements.judged_series(now_us - _DAY_US))
            self._counted_us = now_us

    @property
    def folds(self) -> bool:
        """Whether what follows from another incident notifies nobody."""
        return self._settings.folds

    def open_incidents(self) -> list[Incident]:
        """Return the incidents that are open now."""
        with self._lock:
            return [incident for incident in self._tracker.incidents.values() if incident.phase.lasts]

    def open_keys(self, problem: Problem) -> list[FindingKey]:
        """Return what has a problem of a kind now."""
        with self._lock:
            unwell = (own.key for own in self._tracker.confirmations.values() if not own.is_well)
            return [FindingKey.of_text(text) for text in unwell if text.startswith(f"{problem}|")]

    def await_explanation(self, incident: str, until_us: int) -> None:
        """Let the first message about an incident wait until it is explained, and no longer than until a time."""
        with self._lock:
            self._tracker.await_explanation(incident, until_us)

    def explain(
        self, incident: str, explanation: tuple[Quote, ...], named: tuple[str, ...] = (), *, is_due: bool = True,
        shows: tuple[str, int] | None = None,
    ) -> None:  # fmt: skip
        """Keep what explains an incident and what its traces name; let its message wait no longer if `is_due`.

        Args:
            incident: Its id.
            explanation: Where the time or the error lies.
            named: What its traces name.
            is_due: Whether its message waits no longer.
            shows: What the incident showed when that was looked up; nothing is kept if it shows something else now.
        """
        with self._lock:
            self._tracker.explain(incident, explanation, named, is_due=is_due, shows=shows)
            self._write()

    def ticked(self, now_us: int, channels: Sequence[Health] = ()) -> None:
        """Process acknowledgements, notifications that are due, and dead receivers; called about once a second."""
        with self._lock:
            self._count_series(now_us)
            self._tracker.silences = self._store.silences.ending_after(now_us)
            self._tracker.use_pauses({pause.check: pause.reason for pause in self._store.schedule.pauses()}, now_us)
            for acknowledgement in self._store.incidents.acknowledgements():
                self._tracker.process_acknowledgement(acknowledgement, now_us)
            self._tracker.observe([_channel(channel, now_us) for channel in channels], now_us)
            set_back_us = self._tracker.tick(now_us)
            if set_back_us:
                seconds = set_back_us / 1_000_000
                _log.warning("alerts.clock-set-back", seconds=seconds, effect="waiting times go on as they were")
            self._write()
            if not self._is_retired and not 0 <= now_us - self._noted_us < _NOTE_EVERY_US:
                self._store.incidents.mark_processed(now_us)
                self._noted_us = now_us

    def catch_up(self, judge: Judge, now_us: int) -> int:
        """Process what was stored and perhaps not processed before a crash; return how many runs."""
        runs = 0
        for runs in self.catch_up_in_batches(judge, now_us):  # noqa: B007 - the last is how many there were
            pass
        return runs

    def catch_up_in_batches(self, judge: Judge, now_us: int) -> Iterator[int]:
        """Do what `catch_up` does, and yield after each batch how many runs are processed.

        The latest run of each check is judged; those before it matter where one of them did not pass. After each batch
        the progress is stored, so that the next call, as after another crash, continues there. A run that was
        stored since it first began is processed whenever it was due.
        """
        began_us, done_us = self._store.incidents.caught_up() or (now_us, -1)
        missed = [
            (summary, is_latest)
            for summary, is_latest in self._unprocessed(now_us)
            if summary.due_us > done_us or summary.finished_us >= began_us - _STORED_WITHIN_US
        ]
        for start in range(0, len(missed), _BATCH):
            batch = missed[start : start + _BATCH]
            for summary, is_latest in batch:
                run = self._store.runs.get(summary.id).run if is_latest else stored_run(self._store.runs, summary)
                self.process_run(run, judge.judge(run) if is_latest else [])
            if self._is_retired:
                return  # the other one continues where this one came to
            done_us = max(done_us, batch[-1][0].due_us - 1)  # the next batch may begin with the same time
            self._store.incidents.mark_caught_up(began_us, done_us)
            yield start + len(batch)
        self._store.incidents.mark_processed(now_us)

    def _unprocessed(self, now_us: int) -> list[tuple[RunSummary, bool]]:
        """Return the runs that may not have been processed, in the order of time, and which are the latest."""
        since_us = (self._store.incidents.processed_us() or now_us) - _LOOK_BACK_US
        runs = watched_runs(self._store.runs, since_us)
        latest = {_place(summary): summary.id for summary in runs}
        unwell = {_place(summary) for summary in runs if summary.outcome is not Outcome.PASSED}
        return [
            (summary, summary.id == latest[_place(summary)])
            for summary in runs
            if summary.id == latest[_place(summary)] or _place(summary) in unwell
        ]

    def _earlier(self, run: Run, since_us: int, location: str | None = None) -> list[RunSummary]:
        """Return what is stored of the check of a run in its environment, due since then and not after the run."""
        summaries = self._store.runs.search(
            run.check, since_us=since_us, until_us=run.due_us + 1, environment=run.environment, location=location,
            limit=None,
        )  # fmt: skip
        return [summary for summary in summaries if summary.check == run.check]  # `*` in an id matches others, too

    def _earlier_here(self, run: Run, since_us: int) -> Iterator[Run]:
        """Yield what is stored of the check of a run in its place, due since then and before the run."""
        for summary in reversed(self._earlier(run, since_us, run.location)):
            if summary.due_us < run.due_us:
                yield stored_run(self._store.runs, summary)

    def _passed_before(self, run: Run) -> bool:
        """Whether a script that raised an error has passed as it is; nothing is looked up for any other run."""
        raised = run.outcome is Outcome.SETUP_ERROR and any(
            attempt.measurement.attributes.get(RAISED) for attempt in run.attempts
        )
        return raised and self._store.runs.has_passed(run)

    def _artifacts(self, run: Run) -> tuple[str, ...]:
        """Return where the last artifact of each kind lies; nothing is looked up for a run that passed."""
        if run.outcome.is_good or not any(attempt.measurement.artifacts for attempt in run.attempts):
            return ()
        last = {artifact.kind.value: artifact.where for artifact in self._store.runs.get(run.id).artifacts}
        return tuple(f"{kind} {where}" for kind, where in last.items())

    def _write(self) -> None:
        changes = self._tracker.changes()
        if not changes or self._is_retired:
            return
        try:
            self._store.incidents.record(changes)
        except BaseException:
            self._tracker.restore(changes)
            raise


def _place(run: RunSummary) -> tuple[str, str, str]:
    return run.check, run.environment, run.location


def _channel(health: Health, now_us: int) -> Finding:
    key = FindingKey(Problem.OUTRIDER, Subject(f"{RECEIVER}{health.receiver}"))
    facts = Facts(health.why, title=f"receiver {health.receiver}", predicate="takes no messages")
    labels = {**problem_labels(Problem.OUTRIDER), "receiver": health.receiver, "fault": "channel dead"}
    return Finding(key, health.is_dead, now_us, facts, (f"channel:{health.receiver}",), labels, once=True)
