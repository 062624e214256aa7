"""The service of a workspace without a terminal and without pages: scheduling, alerts, mailed reports, retention."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.app.access.scheduler_reader import FULL, LOADED, LoadedWorkspace, SchedulerAnswer
from outrider.app.access.workspace_access import judge_settings, prune_expired
from outrider.app.alerting.alert_service import AlertService
from outrider.app.errors.issue_watch import IssueWatch
from outrider.app.errors.quota_watch import QuotaWatch
from outrider.app.errors.run_error_watch import RunErrorWatch
from outrider.app.locations.location_watch import LocationWatch
from outrider.app.reporting.report_mail import Mailing
from outrider.app.service.hourly_retention import HourlyRetention
from outrider.app.service.run_log_lines import RunLogLines
from outrider.app.service.run_sender import RunSender
from outrider.app.service.service_runtime import ServiceRuntimeFactory
from outrider.app.service.subject_watch import SubjectWatch
from outrider.app.telemetry.source_rules import SourceRules
from outrider.runs import LiveJudge
from outrider.scheduler import DeadMansSwitch, Health, ResultPipeline, Service, SystemClock, holder_here, view_of
from outrider.workspace import ErrorSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.app.service.service_runtime import ServiceRuntime
    from outrider.baselines import Settings
    from outrider.model import OutriderError
    from outrider.scheduler import Listener
    from outrider.store import Store
    from outrider.workspace import Workspace


class WorkspaceService:
    """The scheduler of one workspace, and everything that follows its runs. Implements `Scheduler` for pages.

    It installs no signal handler and configures no log: `serve` blocks until another thread, or a signal handler of the
    caller, calls `stop`.

    Args:
        workspace: Whose checks run; it is loaded anew from its folder whenever files change.
        store: Where everything is kept; the caller closes it after `serve` has returned.
        report_problem: Takes each problem of a check's file that a first start tolerates.
        may_lead: Whether it may run checks; without that it only knows them, for pages.
    """

    def __init__(
        self,
        workspace: Workspace,
        store: Store,
        *,
        report_problem: Callable[[OutriderError], None] = lambda _: None,
        may_lead: bool = True,
    ) -> None:
        self.workspace = workspace
        self._store = store
        self._report_problem = report_problem
        self._holder = holder_here()
        self._loads = 0
        self._loaded: LoadedWorkspace | None = None  # replaced as a whole: read by threads that answer pages
        self._judged_by: Settings | None = None
        errors, health = workspace.errors or ErrorSettings(), Health()
        self._led = led = store.led_by(self._holder)
        self._alerts = AlertService(led, self._leads)
        self._mailing = Mailing(led, self._leads, health)
        self._subjects = SubjectWatch(led.aggregates, self._alerts.subject_judged, on_rule=self._alerts.rule_measured)
        self._source_rules = SourceRules(led.aggregates, health, self._leads)
        self._run_errors = RunErrorWatch(workspace, led.projects, led)
        self._sender = RunSender(workspace)
        listeners: list[Listener] = [
            RunLogLines(), HourlyRetention(self._prune, health), self._subjects, self._alerts, self._mailing,
            self._run_errors, IssueWatch(store.errors, self._alerts.issues_seen),
            LocationWatch(store.locations, self._alerts.locations_seen),
            QuotaWatch(
                workspace.state, store.projects, self._alerts.quota_seen,
                replay_bytes=errors.replay_bytes_per_day, telemetry_bytes=errors.telemetry_bytes_per_day,
            ),
            self._sender, self._source_rules,
        ]  # fmt: skip
        self._pipeline = ResultPipeline(None, listeners, health)
        factory = ServiceRuntimeFactory(workspace.root, store, lambda: self._scheduler.recorder, self._activated)
        clock = SystemClock()
        self._scheduler = Service(
            store, factory, self._pipeline,
            health=health, clock=clock, holder=self._holder, may_lead=may_lead, began=self._began_to_lead,
        )  # fmt: skip

    def serve(self) -> None:
        """Run checks by their schedule until `stop` is called; runs under way are then finished."""
        switch = DeadMansSwitch(
            lambda: (self.workspace.service.alive_url, self.workspace.service.alive_every_s),
            lambda: view_of(self._scheduler, in_full=False).is_ready,
        )
        try:
            self._scheduler.run(self.workspace.service.drain_s)
        finally:
            self._alerts.close()
            self._source_rules.close()
            self._sender.close()
            switch.close()

    def stop(self) -> None:
        """End `serve` soon; may be called from any thread and from a signal handler."""
        self._scheduler.stop()

    def reload(self) -> None:
        """Look at once whether the workspace has changed; may be called from any thread and from a signal handler."""
        self._scheduler.builder.hurry()

    def view(self, *, in_full: bool = False) -> SchedulerAnswer:
        """Return how the service does now; may be asked by any thread."""
        loaded = self._loaded
        view = view_of(self._scheduler, in_full=in_full)
        generation = loaded.generation if loaded is not None else ""
        return SchedulerAnswer(generation, replace(view, incidents=self._alerts.open_incidents))

    def loaded(self) -> LoadedWorkspace | None:
        """Return what is loaded; may be asked by any thread."""
        return self._loaded

    def answer(self, word: str) -> object:
        """Answer a question of `SchedulerReader`."""
        return self.loaded() if word == LOADED else self.view(in_full=word == FULL)

    def _leads(self) -> bool:
        return self._scheduler.leading.leads

    def _activated(self, runtime: ServiceRuntime) -> None:
        """Follow a new state of the workspace; called in the scheduler's tick, so that nothing here may wait."""
        workspace = runtime.workspace
        self._alerts.use(workspace, runtime.checks, runtime.alerts)
        self._mailing.use(workspace)
        self._source_rules.use(workspace, runtime.alerts.rules)
        self._run_errors.use(workspace, runtime.checks)
        self._sender.use(workspace)
        self.workspace = workspace
        self._loads += 1
        self._loaded = LoadedWorkspace(
            f"{self._holder} {self._loads}", workspace, tuple(runtime.checks), runtime.heartbeats, runtime.alerts,
            runtime.circumstances.snapshot,
        )  # fmt: skip
        self._judge_by(judge_settings(workspace) if workspace.capabilities.judging else None)
        for problem in runtime.problems:
            self._report_problem(problem)

    def _began_to_lead(self) -> None:
        """Know nothing of before: another process may have judged and alerted since; called in the scheduler's tick."""
        self._alerts.forget()
        settings, self._judged_by = self._judged_by, None
        self._judge_by(settings)

    def _judge_by(self, settings: Settings | None) -> None:
        """Judge by other settings; while they stay, the judge keeps what it knows of each series."""
        if settings != self._judged_by or settings is None:
            self._judged_by = settings
            judge = None if settings is None else LiveJudge(self._led, settings)
            self._pipeline.judge = self._subjects.judge = judge

    def _prune(self) -> None:
        prune_expired(self._store, self.workspace)
