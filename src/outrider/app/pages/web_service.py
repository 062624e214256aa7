"""What answers over HTTP for a workspace whose scheduler runs elsewhere: pages, API, files, heartbeats, health."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from functools import partial
from typing import TYPE_CHECKING

from outrider.alerts import read_runbook
from outrider.app.access.access_rules import access_rules
from outrider.app.access.host_turns import host_turns
from outrider.app.access.setting_overrides import WorkspaceSettings
from outrider.app.access.workspace_access import judge_settings, now_us, retention
from outrider.app.alerting.acknowledge_links import link_reader
from outrider.app.locations.broker_access import BrokerAccess
from outrider.app.locations.location_desk import LocationDesk
from outrider.app.lookup.service_facts import satisfied_ms
from outrider.app.lookup.source_access import errors_of_traces, has_trace_sources, series_reader
from outrider.app.lookup.source_watch import SourceWatch
from outrider.app.lookup.telemetry_access import notable_patterns
from outrider.app.lookup.telemetry_day import lost_today
from outrider.app.lookup.telemetry_link import TelemetryLink
from outrider.app.pages.artifact_server import ArtifactServer
from outrider.app.pages.host_inspection import host_state
from outrider.app.pages.listening_record import ListeningRecord
from outrider.app.pages.operator_actions import OperatorActions
from outrider.app.pages.page_server import PageServer
from outrider.app.pages.status_page_listener import StatusPageListener
from outrider.app.records.snapshot_code import snapshot_code
from outrider.app.records.store_sizes import StoreSizes
from outrider.app.reporting.report_shelf import WorkspaceReports
from outrider.dashboard import DashboardShelf, Sources, TelemetrySource
from outrider.model import OutriderError
from outrider.runs import level_changes
from outrider.scheduler import Health
from outrider.server import Access, application, is_loopback
from outrider.workspace import available_secrets, policy_origins, series_sources

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence

    from outrider.app.access.scheduler_reader import LoadedWorkspace, Scheduler
    from outrider.model import Check, HeartbeatKeys, ServiceView
    from outrider.server import AccessRules, Application, StatusPage
    from outrider.store import Store
    from outrider.workspace import Workspace

_LOOK_S = 0.5
_SPANS_S = 259_200.0
"""For how long sources are thought to keep spans."""


class WebService:
    """Answers over HTTP, and follows the states of the workspace that the scheduler loads.

    While the scheduler is away, pages show what is stored and say so, and calls of heartbeats are kept by the
    heartbeats that the workspace's files declare.

    Args:
        workspace: As it is when the service starts.
        store: Where everything is kept; the caller closes it after `close`.
        scheduler: Says how the service does, and what is loaded.
    """

    def __init__(self, workspace: Workspace, store: Store, scheduler: Scheduler) -> None:
        self.workspace = workspace
        self._store = store
        self._scheduler = scheduler
        self._loaded: LoadedWorkspace | None = None
        self._keys: HeartbeatKeys | None = None
        self._generation = ""
        self._is_loopback = True
        self._health = Health()
        self._access = Access(store, self._rules(), now_us)
        self._artifacts: ArtifactServer | None = None
        self._sizes = StoreSizes(lambda: store.size(now_us(), retention(self.workspace)))
        self._desk = LocationDesk(store, lambda: self._loaded, now_us)
        self._broker = BrokerAccess(self._desk, store, self._health)
        self._status_page = StatusPageListener(store, self._health)
        self._pages: PageServer | None = None
        self._listening = ListeningRecord(store.heartbeats, self._is_listening)
        self._telemetry = TelemetryLink(workspace)
        self._source_watch = SourceWatch(workspace, self._health)

    def start(self, host: str, port: int, artifacts_port: int | None = None) -> None:
        """Answer from now on, or as soon as the address is free.

        Args:
            host: The address to listen at.
            port: Of the pages; 0 picks a free one.
            artifacts_port: Where the origin of artifacts was before, if it is not to move.
        """
        self._is_loopback = is_loopback(host)
        self._access.use(self._rules())
        self._access.warn_if_closed()
        self._artifacts = ArtifactServer(self.workspace, self._store.artifacts, self._health)
        self._artifacts.start(host, port, artifacts_port)
        self._status_page.start(self.workspace, host)
        self._pages = PageServer(host, port, self._application(), self._health)
        self._pages.start()
        self._listening.__enter__()

    def follow(self, stopping: threading.Event, ready: Callable[[Mapping[str, int]], None]) -> None:
        """Follow what the scheduler loads until something is set.

        Args:
            stopping: Ends this.
            ready: Takes the ports that are bound, at once and whenever another one is.
        """
        announced: dict[str, int] | None = None
        while not stopping.is_set():
            if (ports := self.ports()) != announced:
                ready(ports)
                announced = ports
            self.look()
            stopping.wait(_LOOK_S)

    def look(self) -> None:
        """Take up a state of the workspace that the scheduler has loaded, if there is another one."""
        self._source_watch.look()
        answer = self._scheduler.view()
        if answer.generation and answer.generation != self._generation:
            loaded = self._scheduler.loaded()
            if loaded is not None:
                self._use(loaded)
        elif self._keys is None and "scheduler" in answer.view.problems:
            self._use_declared_heartbeats()

    def ports(self) -> dict[str, int]:
        """Return the ports that are bound: `port` of the pages, and `artifacts_port` if that is another one."""
        pages = self._pages.port if self._pages is not None else 0
        artifacts = self._artifacts.bound_port if self._artifacts is not None else 0
        return {name: port for name, port in (("port", pages), ("artifacts_port", artifacts)) if port}

    def close(self) -> None:
        """Stop answering."""
        self._listening.__exit__(None, None, None)
        self._broker.close()
        if self._pages is not None:
            self._pages.close()
        if self._artifacts is not None:
            self._artifacts.close()
        self._status_page.close()
        self._telemetry.close()

    def _use(self, loaded: LoadedWorkspace) -> None:
        self._loaded, self._generation, self._keys = loaded, loaded.generation, loaded.heartbeats
        self.workspace = loaded.workspace
        self._telemetry.use(loaded.workspace)
        self._source_watch.use(loaded.workspace)
        self._broker.use(loaded.workspace)
        self._access.use(self._rules())
        self._status_page.use(loaded.workspace, loaded.checks)
        self._renew()

    def _use_declared_heartbeats(self) -> None:
        """Keep calls although there is no scheduler that knows what is loaded."""
        from outrider.app.execution.declared_checks import probes_of  # noqa: PLC0415 - brings all kinds of probes along

        try:
            self._keys = probes_of(self.workspace, available_secrets(self.workspace, os.environ)).heartbeats
        except OutriderError as error:
            self._health.wrong("heartbeats", str(error))
            return
        self._renew()

    def _renew(self) -> None:
        if self._pages is not None:
            self._pages.use(self._application())
        self._listening.look()

    def _is_listening(self) -> bool:
        """Return whether calls of heartbeats are answered."""
        return self._keys is not None and self._pages is not None and self._pages.is_answering

    def _application(self) -> Application:
        workspace = self.workspace
        switches = workspace.capabilities
        sources = Sources(
            self._store, self._checks, self._view, now_us, workspace.name,
            partial(read_runbook, workspace.root), partial(snapshot_code, workspace),
            partial(policy_origins, workspace),
            service_in_full=self._view_in_full, alerts=self._loaded.alerts if self._loaded is not None else None,
            reports=self._reports(), coverage_s=workspace.service.coverage_s,
            code_url=workspace.errors.code_url if workspace.errors is not None else "",
            settings=WorkspaceSettings(workspace.root, self._store),
            dashboards=DashboardShelf(workspace.root, series_sources(workspace.sources)),
            series=partial(series_reader, workspace), replay_role=workspace.server.replay_role,
            personal_role=workspace.server.personal_role,
            level_changes=lambda check: level_changes(self._store, [check], settings=judge_settings(workspace)),
            store_size=self._sizes.latest, host=lambda: host_state(workspace.state),
            telemetry=TelemetrySource(
                self._telemetry.is_on, self._telemetry.joined, self._telemetry.reader, satisfied_ms(workspace),
                workspace.telemetry.links if workspace.telemetry is not None else {},
                partial(notable_patterns, workspace), self._telemetry.joined,
                workspace.telemetry.spans_s if workspace.telemetry is not None else _SPANS_S,
                has_trace_sources(workspace), self._source_watch.states,
                explains=workspace.capabilities.explanations,
                outside_errors=lambda ids: errors_of_traces(workspace, ids, now_us=now_us()),
            ),
            off=frozenset(own.name for own in fields(switches) if not getattr(switches, own.name)),
        )  # fmt: skip
        artifacts = self._artifacts.origin if self._artifacts is not None else None
        return application(
            self._store.heartbeats, self._keys, now_us, sources, workspace.service.hosts,
            access=self._access, artifacts=artifacts, actions=self._actions(), status_page=self._status_path(),
            links=link_reader(workspace, self._loaded.alerts if self._loaded is not None else None), desk=self._desk,
        )  # fmt: skip

    def _status_path(self) -> tuple[StatusPage, str] | None:
        """Return the status page and its path at the address of the pages; None if it is not served there."""
        settings = self.workspace.status_page
        return None if settings is None or settings.port else (self._status_page.page, settings.path)

    def _reports(self) -> WorkspaceReports | None:
        return WorkspaceReports(self.workspace, self._store) if self._loaded is not None else None

    def _actions(self) -> OperatorActions | None:
        """Return what people may do on pages; None while the workspace is loaded for the first time."""
        loaded = self._loaded
        return OperatorActions(self._store, loaded.workspace, loaded.checks, loaded.alerts) if loaded else None

    def _rules(self) -> AccessRules:
        return access_rules(self.workspace, is_loopback=self._is_loopback)

    def _checks(self) -> Sequence[Check] | None:
        """Return the checks that are loaded; may be asked for by any thread."""
        return self._loaded.checks if self._loaded is not None else None

    def _view(self) -> ServiceView:
        """Return how the service does now; may be asked for by any thread."""
        return self._with_own(self._scheduler.view().view)

    def _view_in_full(self) -> ServiceView:
        return self._with_own(self._scheduler.view(in_full=True).view)

    def _with_own(self, view: ServiceView) -> ServiceView:
        """Return a view with what this process knows: its own problems, and what there is on this host."""
        return replace(
            view, problems={**view.problems, **self._health.problems}, turns=host_turns(self.workspace).queue(),
            telemetry_lost=lost_today(self.workspace.state),
        )  # fmt: skip
