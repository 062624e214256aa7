"""The service of a workspace without a terminal: scheduling, alerts, mailed reports, pages and retention."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.app.alert_service import AlertService
from outrider.app.hourly_retention import HourlyRetention
from outrider.app.listening_record import ListeningRecord
from outrider.app.page_server import PageServer
from outrider.app.report_mail import Mailing
from outrider.app.run_log_lines import RunLogLines
from outrider.app.runtime import host_turns
from outrider.app.service_runtime import ServiceRuntimeFactory
from outrider.app.subject_watch import SubjectWatch
from outrider.app.workspace_access import judge_settings, now_us, prune_expired
from outrider.dashboard import Sources
from outrider.runs import LiveJudge
from outrider.scheduler import DeadMansSwitch, Health, ResultPipeline, Service, SystemClock, holder_here, view_of
from outrider.server import application

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.app.service_runtime import ServiceRuntime
    from outrider.baselines import Settings
    from outrider.model import Check, OutriderError, ServiceView
    from outrider.scheduler import Listener
    from outrider.server import Application
    from outrider.store import Store
    from outrider.workspace import Workspace


class WorkspaceService:
    """The scheduler of one workspace, and everything that follows its runs.

    It installs no signal handler and configures no log: `serve` blocks until another thread, or a signal handler of the
    caller, calls `stop`.

    Args:
        workspace: Whose checks run; it is loaded anew from its folder whenever files change.
        store: Where everything is kept; the caller closes it after `serve` has returned.
        report_problem: Takes each problem of a check's file that a first start tolerates.
    """

    def __init__(
        self, workspace: Workspace, store: Store, *, report_problem: Callable[[OutriderError], None] = lambda _: None
    ) -> None:
        self.workspace = workspace
        self._store = store
        self._report_problem = report_problem
        self._pages: PageServer | None = None
        self._runtime: ServiceRuntime | None = None
        self._judged_by: Settings | None = None
        health = Health()
        self._alerts = AlertService(store, self._leads)
        self._mailing = Mailing(store, self._leads, health)
        self._subjects = SubjectWatch(store.aggregates, self._alerts.subject_judged)
        listeners: list[Listener] = [
            RunLogLines(), HourlyRetention(self._prune, health), self._subjects, self._alerts, self._mailing,
        ]  # fmt: skip
        self._pipeline = ResultPipeline(None, listeners, health)
        factory = ServiceRuntimeFactory(workspace.root, store, lambda: self._scheduler.recorder, self._activated)
        self._listening = ListeningRecord(store.heartbeats, self._is_listening)
        clock = SystemClock()
        self._scheduler = Service(store, factory, self._pipeline, health=health, clock=clock, holder=holder_here())

    def answer(self, host: str, port: int) -> None:
        """Serve the pages over HTTP while the service runs, from now on or as soon as the address is free."""
        self._pages = PageServer(host, port, self._application(), self._scheduler.health)
        self._pages.start()

    def serve(self) -> None:
        """Run checks by their schedule until `stop` is called; runs under way are then finished."""
        switch = DeadMansSwitch(
            lambda: (self.workspace.service.alive_url, self.workspace.service.alive_every_s),
            lambda: view_of(self._scheduler).is_ready,
        )
        try:
            with self._listening:
                self._scheduler.run(self.workspace.service.drain_s)
        finally:
            self._alerts.close()
            switch.close()
            if self._pages is not None:
                self._pages.close()

    def stop(self) -> None:
        """End `serve` soon; may be called from any thread and from a signal handler."""
        self._scheduler.stop()

    def _leads(self) -> bool:
        return self._scheduler.leading.leads

    def _activated(self, runtime: ServiceRuntime) -> None:
        """Follow a new state of the workspace; called in the scheduler's tick, so that nothing here may wait."""
        workspace = runtime.workspace
        self._alerts.use(workspace, runtime.checks, runtime.alerts)
        self._mailing.use(workspace)
        self._runtime, self.workspace = runtime, workspace
        self._judge_by(judge_settings(workspace) if workspace.capabilities.judging else None)
        for problem in runtime.problems:
            self._report_problem(problem)
        if self._pages is not None:
            self._pages.use(self._application())
            self._listening.look()

    def _is_listening(self) -> bool:
        """Return whether calls of heartbeats are answered."""
        return self._runtime is not None and self._pages is not None and self._pages.is_answering

    def _judge_by(self, settings: Settings | None) -> None:
        """Judge by other settings; while they stay, the judge keeps what it knows of each series."""
        if settings != self._judged_by or settings is None:
            self._judged_by = settings
            judge = None if settings is None else LiveJudge(self._store, settings)
            self._pipeline.judge = self._subjects.judge = judge

    def _application(self) -> Application:
        keys = self._runtime.heartbeats if self._runtime is not None else None
        sources = Sources(self._store, self._checks, self._view, now_us, self.workspace.name)
        return application(self._store.heartbeats, keys, now_us, sources, self.workspace.service.hosts)

    def _checks(self) -> Sequence[Check] | None:
        """Return the checks of the present runtime; may be asked for by any thread."""
        return self._runtime.checks if self._runtime is not None else None

    def _view(self) -> ServiceView:
        """Return how the service does now; may be asked for by any thread."""
        turns = host_turns(self.workspace).queue()
        return replace(view_of(self._scheduler), incidents=self._alerts.open_incidents, turns=turns)

    def _prune(self) -> None:
        prune_expired(self._store, self.workspace)
