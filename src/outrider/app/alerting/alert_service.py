"""Alerts of a service that watches: incidents from its runs, delivery, and a daily look at histories."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from outrider.alerts import (
    LOCATION,
    AlertProcessor,
    Deliverer,
    Problem,
    issue_findings,
    location_findings,
    quota_findings,
    subject_findings,
    survey,
)
from outrider.app.access.workspace_access import judge_settings
from outrider.app.alerting.acknowledge_links import link_maker
from outrider.app.alerting.alert_delivery import AlertDelivery
from outrider.app.alerting.alert_pictures import pictures_from
from outrider.app.alerting.rule_judge import RuleJudge
from outrider.app.lookup.incident_explainer import IncidentExplainer
from outrider.app.lookup.telemetry_access import notable_patterns
from outrider.baselines import Condition, Signal
from outrider.model import FAILING, REQUESTS, OutriderError, StoreError, Subject, SubjectKind
from outrider.runs import Judge, moved_operations, worse_calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from outrider.alerts import AlertSettings
    from outrider.model import AlertRecords, Check, Issue, MovedOperation, QuotaUse, Run
    from outrider.runs import Judgement, SubjectJudgement
    from outrider.workspace import Workspace

_SURVEY_EVERY_S = 86_400.0
_SUFFERED_US = 300 * 1_000_000
_log = structlog.get_logger("outrider.alerts")


@dataclass(frozen=True, slots=True)
class _AlertState:
    """One state of the workspace, as far as alerts depend on it."""

    workspace: Workspace
    checks: Sequence[Check]
    settings: AlertSettings

    @property
    def is_on(self) -> bool:
        return self.workspace.capabilities.alerts


class AlertService:
    """A listener of the service that keeps incidents and delivers the notifications that they give rise to.

    `run_finished` and `ticked` are called by one thread, that of the result pipeline, and only it works with incidents.
    `use` is called by the scheduler's: it notes the new state, which takes effect with the next run or tick. Deliverers
    start and end in a thread of their own (`AlertDelivery`). So no thread waits for another.

    Whoever begins to lead reads incidents anew from the store (`forget`), and catches up on the runs that were stored
    meanwhile, a part at each tick. Runs that come in the meantime wait for that.

    Args:
        store: Where incidents and the outbox are kept.
        leads: Whether this process is the leader; a standby delivers nothing.
        catch_up_s: For how long of each second runs are caught up: the other listeners go on in the rest of it.
        clock: Seconds on a monotonic clock.
    """

    def __init__(
        self,
        store: AlertRecords,
        leads: Callable[[], bool],
        *,
        catch_up_s: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._catch_up_s = catch_up_s
        self._clock = clock
        self._wanted: _AlertState | None = None  # replaced as a whole by `use`, read by the pipeline's thread
        self._state: _AlertState | None = None
        self._processor: AlertProcessor | None = None
        self._catch_up: Iterator[int] | None = None
        self._waiting: deque[Callable[[AlertProcessor], None]] = deque()
        self._is_forgotten = False
        self._surveyed_s: float | None = None
        self._open_incidents: Mapping[tuple[str, str], int] = {}  # replaced as a whole
        self._explainer = IncidentExplainer(store)

        def deliverer(settings: AlertSettings) -> Deliverer:
            pictures = pictures_from(store, settings.timezone, settings.locale)
            links = link_maker(self._wanted.workspace, settings) if self._wanted is not None else None
            return Deliverer(settings, store.outbox, pictures=pictures, while_true=leads, acknowledge_link=links)

        self._delivery = AlertDelivery(deliverer)

    def use(self, workspace: Workspace, checks: Sequence[Check], settings: AlertSettings) -> None:
        """Follow a new state of the workspace; returns at once."""
        self._wanted = _AlertState(workspace, checks, settings)
        self._delivery.use(settings if self._wanted.is_on else None)

    def forget(self) -> None:
        """Read incidents anew before the next run or tick: another process may have kept them; returns at once."""
        self._is_forgotten = True
        if (processor := self._processor) is not None:
            processor.retire()

    def run_finished(self, run: Run, judgements: Sequence[Judgement]) -> None:
        """Take a run that is stored and judged."""
        self._take(lambda processor: processor.process_run(run, judgements), run.finished_us)

    def subject_judged(self, judged: SubjectJudgement, now_us: int) -> None:
        """Take what the judge says of a subject that is no check."""
        findings = subject_findings(judged, self._suffered(judged), self._moved(judged))
        self._take(lambda processor: processor.process_findings(findings, now_us), now_us)

    def rule_measured(self, subject: Subject, environment: str, now_us: int) -> None:
        """Take new values of a rule over a query; those of a rule that is gone say nothing."""
        state = self._wanted
        rules = state.settings.rules if state is not None else ()
        rule = next((rule for rule in rules if rule.subject == subject), None)
        if state is not None and rule is not None:
            notable = [row for row in notable_patterns(state.workspace) if rule.name in row.rules]
            judge = RuleJudge(self._store, judge_settings(state.workspace))
            findings = judge.findings(rule, environment, notable if rule.pattern is not None else ())
            self._take(lambda processor: processor.process_findings(findings, now_us), now_us)

    def _moved(self, judged: SubjectJudgement) -> tuple[MovedOperation, ...]:
        """Return which operations of a service deviate; nothing of one that is well."""
        degraded = any(own.signal.condition is Condition.DEGRADED for own in judged.judgements)
        if judged.subject.kind is not SubjectKind.SERVICE or not degraded:
            return ()
        return moved_operations(self._store.series, judged.subject, judged.environment, at_us=judged.at_us)

    def issues_seen(self, issues: Sequence[Issue], now_us: int) -> None:
        """Take the issues that may call people now; those of open incidents that are not among them are well."""

        def process(processor: AlertProcessor) -> None:
            processor.process_findings(issue_findings(issues, processor.open_keys(Problem.ISSUE), now_us), now_us)

        self._take(process, now_us)

    def quota_seen(self, used: Sequence[QuotaUse], now_us: int) -> None:
        """Take what projects refuse now since their day is used up; others take all again."""

        def process(processor: AlertProcessor) -> None:
            subjects = _open_subjects(processor, Problem.QUOTA)
            processor.process_findings(quota_findings(used, subjects, now_us), now_us)

        self._take(process, now_us)

    def locations_seen(self, dead: Mapping[str, str], alive: Sequence[str], now_us: int) -> None:
        """Take which locations have no live worker, and which have one; only those that checks name matter."""
        state = self._wanted
        checks = [check for check in state.checks if check.policy.enabled] if state is not None else []
        used = {location for check in checks for location in check.policy.locations}

        def process(processor: AlertProcessor) -> None:
            subjects = {name for name in _open_subjects(processor, Problem.LOCATION) if name.startswith(LOCATION)}
            wanted = {name: why for name, why in dead.items() if name in used}
            processor.process_findings(location_findings(wanted, alive, subjects, now_us), now_us)

        self._take(process, now_us)

    def _suffered(self, judged: SubjectJudgement) -> tuple[str, ...]:
        """Return which calls of a service got worse as it did; nothing of one that is well."""
        degraded = [own for own in judged.judgements if own.signal.condition is Condition.DEGRADED]
        if judged.subject.kind is not SubjectKind.SERVICE or judged.metric == REQUESTS or not degraded:
            return ()
        since_s = [own.signal.since for own in degraded if isinstance(own.signal, Signal) and own.signal.since]
        since_us = min(since_s) * 1_000_000 if since_s else judged.at_us - _SUFFERED_US
        return worse_calls(
            self._store.series, judged.subject, judged.environment,
            since_us=since_us, at_us=judged.at_us, failing=judged.metric == FAILING,
        )  # fmt: skip

    def ticked(self, now_us: int) -> None:
        """Take note that about a second has passed."""
        processor = self._ready(now_us)
        if processor is None:
            return
        if self._catch_up is not None:
            if not self._has_caught_up(self._catch_up):
                return
            if self._state is not None:
                processor.use_checks(self._state.checks, now_us)
        self._process_waiting(processor)
        if self._state is not None:
            self._explainer.ticked(processor, self._state.workspace, now_us)
        processor.ticked(now_us, self._delivery.health())
        self._open_incidents = Counter(
            (incident.problem.value, incident.severity.value) for incident in processor.open_incidents()
        )
        if self._surveyed_s is None or self._clock() - self._surveyed_s > _SURVEY_EVERY_S:
            self._surveyed_s = self._clock()
            arguments = [processor, self._state, now_us]
            threading.Thread(target=self._survey, args=arguments, name="survey", daemon=True).start()

    @property
    def open_incidents(self) -> Mapping[tuple[str, str], int]:
        """How many incidents are open, by problem and severity, as of the last tick; may be asked for by any thread."""
        return self._open_incidents

    def close(self) -> None:
        """Stop delivering; what is left stays in the outbox."""
        self._explainer.close()
        self._delivery.close()

    def _take(self, process: Callable[[AlertProcessor], None], now_us: int) -> None:
        """Process something now, or after the runs that are caught up.

        Raises:
            StoreError: If the store is away; then it is to be taken again.
        """
        processor = self._ready(now_us)
        if processor is None:
            return
        if self._catch_up is not None:
            self._waiting.append(process)
            return
        self._process_waiting(processor)
        process(processor)

    def _ready(self, now_us: int) -> AlertProcessor | None:
        """Return what keeps incidents, by the state of the workspace that is wanted; None if alerts are off."""
        before, self._state = self._state, self._wanted
        state = self._state
        if state is None or not state.is_on:
            self._processor, self._catch_up = None, None
            self._waiting.clear()
            return None
        if self._is_forgotten:
            self._is_forgotten, self._processor = False, None
            self._waiting.clear()  # of when this process led before: its runs are stored, and caught up from there
        if self._processor is None or before is None or before.settings != state.settings:
            self._processor = self._begin(state, now_us)
        elif before is not state:
            self._processor.use_checks(state.checks, now_us)
        return self._processor

    def _begin(self, state: _AlertState, now_us: int) -> AlertProcessor:
        """Return a processor of the incidents in the store; runs that it did not process are to be caught up."""
        if self._processor is not None:
            self._processor.retire()
        name = state.workspace.name
        processor = AlertProcessor(self._store, state.settings, now_us, checks=state.checks, workspace=name)
        self._catch_up = processor.catch_up_in_batches(Judge(self._store, judge_settings(state.workspace)), now_us)
        return processor

    def _has_caught_up(self, batches: Iterator[int]) -> bool:
        """Catch up for a part of a second; return whether that was all."""
        until_s = self._clock() + self._catch_up_s
        try:
            for runs in batches:
                if self._clock() >= until_s:
                    _log.info("alerts.catching-up", runs=runs, waiting=len(self._waiting))
                    return False
        except BaseException:
            self._processor = None  # begins again where this came to
            raise
        self._catch_up = None
        _log.info("alerts.began", waiting=len(self._waiting))
        return True

    def _process_waiting(self, processor: AlertProcessor) -> None:
        while self._waiting:
            process = self._waiting.popleft()
            try:
                process(processor)
            except StoreError:
                self._waiting.appendleft(process)
                raise

    def _survey(self, processor: AlertProcessor, state: _AlertState, now_us: int) -> None:
        try:
            checks, judging = [check.id for check in state.checks], judge_settings(state.workspace)
            processor.process_findings(survey(self._store, checks, state.settings, now_us, judging=judging), now_us)
        except OutriderError as error:
            _log.warning("alerts.survey", why=error.what)
        except Exception as error:  # nobody waits for this thread: it says itself what went wrong
            _log.exception("alerts.survey", why=f"{type(error).__name__}: {error}")


def _open_subjects(processor: AlertProcessor, problem: Problem) -> set[Subject]:
    """Return the subjects of the open incidents of a problem."""
    incidents = [incident for incident in processor.open_incidents() if incident.problem is problem]
    return {Subject(subject) for incident in incidents for subject in incident.checks}
