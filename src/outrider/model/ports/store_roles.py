"""Several ports together, by the role of what uses them; an open store has them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from outrider.model.ports.access_ports import AuditLog, SessionLog, TokenLog, UserDirectory
    from outrider.model.ports.alert_ports import IncidentLog, Outbox, SilenceLog
    from outrider.model.ports.annotation_ports import AnnotationLog, OverrideLog
    from outrider.model.ports.artifact_store import ArtifactStore
    from outrider.model.ports.attachment_log import AttachmentLog
    from outrider.model.ports.check_history import CheckHistory
    from outrider.model.ports.check_ports import CheckRegistry, HeartbeatLog, ProofLog
    from outrider.model.ports.commit_log import CommitLog
    from outrider.model.ports.error_log import ErrorLog
    from outrider.model.ports.gate_log import GateLog
    from outrider.model.ports.load_progress_log import LoadProgressLog
    from outrider.model.ports.load_share_log import LoadShareLog
    from outrider.model.ports.location_ports import LocationLog
    from outrider.model.ports.project_registry import ProjectRegistry
    from outrider.model.ports.release_health_log import ReleaseHealthLog
    from outrider.model.ports.replay_log import ReplayLog
    from outrider.model.ports.run_log import RunLog
    from outrider.model.ports.schedule_queue import ScheduleQueue
    from outrider.model.ports.series_ports import AggregateLog, JudgeMemory, RollupReader, SeriesReader
    from outrider.model.ports.source_map_log import SourceMapLog
    from outrider.model.ports.status_log import StatusLog
    from outrider.model.ports.table_reader import TableReader
    from outrider.model.ports.trace_link_log import TraceLinkLog
    from outrider.model.ports.view_log import ViewLog
    from outrider.model.retention import Pruned, Retention


class RunHistory(Protocol):
    """What rules and charts read: runs and their samples."""

    @property
    def runs(self) -> RunLog:
        """Runs."""
        ...

    @property
    def series(self) -> SeriesReader:
        """Their samples."""
        ...


class JudgeHistory(RunHistory, Protocol):
    """What the judge needs: runs, their samples, and its own memory."""

    @property
    def judgements(self) -> JudgeMemory:
        """Releases and checkpoints."""
        ...


class CoverageRecords(Protocol):
    """What tells which runs were due and did not happen."""

    @property
    def history(self) -> CheckHistory:
        """What many checks did."""
        ...

    @property
    def schedule(self) -> ScheduleQueue:
        """Due runs, the leader, and pauses."""
        ...

    @property
    def audit(self) -> AuditLog:
        """Who changed what, such as pauses that are over."""
        ...


class ReportHistory(JudgeHistory, CoverageRecords, Protocol):
    """What reports and analyses of checks read."""

    @property
    def checks(self) -> CheckRegistry:
        """Which checks there are."""
        ...


class CheckRecords(Protocol):
    """What is kept of checks beside their runs."""

    @property
    def checks(self) -> CheckRegistry:
        """Which checks there are."""
        ...

    @property
    def heartbeats(self) -> HeartbeatLog:
        """The calls that heartbeats wait for."""
        ...

    @property
    def load_progress(self) -> LoadProgressLog:
        """Loads that are under way."""
        ...

    @property
    def load_shares(self) -> LoadShareLog:
        """Shares of loads that workers of locations make."""
        ...


class Pruner(Protocol):
    """What removes expired data."""

    def prune(self, now_us: int, policy: Retention = ...) -> Pruned:
        """Make rollups and remove expired data; it may take long, and be stopped at any moment."""
        ...


class ExecutionStore(JudgeHistory, CheckRecords, Pruner, Protocol):
    """What executing and judging checks needs."""


class GateRecords(ExecutionStore, Protocol):
    """What a gate needs: its runs, and where its decisions are kept."""

    @property
    def gates(self) -> GateLog:
        """Decisions of the gate."""
        ...


class IncidentRecords(Protocol):
    """What is kept of incidents: they themselves, their notifications, and silences."""

    @property
    def incidents(self) -> IncidentLog:
        """Incidents."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Notifications."""
        ...

    @property
    def silences(self) -> SilenceLog:
        """Silences."""
        ...


class AlertRecords(JudgeHistory, IncidentRecords, Protocol):
    """What alerts need: histories to judge, what is kept of incidents and explains them, and what is paused."""

    @property
    def history(self) -> CheckHistory:
        """The order of runs."""
        ...

    @property
    def checks(self) -> CheckRegistry:
        """Which checks there are."""
        ...

    @property
    def annotations(self) -> AnnotationLog:
        """Events that people and programs note."""
        ...

    @property
    def trace_links(self) -> TraceLinkLog:
        """Traces of runs."""
        ...

    @property
    def errors(self) -> ErrorLog:
        """Issues."""
        ...

    @property
    def schedule(self) -> ScheduleQueue:
        """Due runs, the leader, and pauses."""
        ...


class ReportRecords(ReportHistory, IncidentRecords, Protocol):
    """What reports with incidents read, and where they are queued for mailing."""


class CheckSchedule(Protocol):
    """What controls a running service: its checks and its queue."""

    @property
    def checks(self) -> CheckRegistry:
        """Which checks there are."""
        ...

    @property
    def schedule(self) -> ScheduleQueue:
        """Due runs, the leader, and pauses."""
        ...

    @property
    def audit(self) -> AuditLog:
        """Who changed what."""
        ...


class StatusPageRecords(Protocol):
    """What the public status page is made from, and what operators write on it."""

    @property
    def history(self) -> CheckHistory:
        """What many checks did."""
        ...

    @property
    def incidents(self) -> IncidentLog:
        """Incidents."""
        ...

    @property
    def schedule(self) -> ScheduleQueue:
        """Pauses."""
        ...

    @property
    def status_updates(self) -> StatusLog:
        """What operators write."""
        ...

    @property
    def audit(self) -> AuditLog:
        """Who changed what."""
        ...


class ErrorRecords(Protocol):
    """What is kept of errors, and who changed it."""

    @property
    def errors(self) -> ErrorLog:
        """Issues and their events."""
        ...

    @property
    def audit(self) -> AuditLog:
        """Who changed what."""
        ...


class OperatorRecords(CheckSchedule, StatusPageRecords, ErrorRecords, Protocol):
    """What people change on pages and through the API."""

    @property
    def commits(self) -> CommitLog:
        """Commits of releases."""
        ...

    @property
    def silences(self) -> SilenceLog:
        """Silences."""
        ...

    @property
    def judgements(self) -> JudgeMemory:
        """Releases."""
        ...

    @property
    def annotations(self) -> AnnotationLog:
        """Annotations."""
        ...

    @property
    def tokens(self) -> TokenLog:
        """Tokens, such as links of mails that were used."""
        ...

    @property
    def overrides(self) -> OverrideLog:
        """Settings that hold in the place of those in files."""
        ...

    @property
    def views(self) -> ViewLog:
        """Queries that people saved under a name."""
        ...


class SchedulerStore(Protocol):
    """What a scheduler writes."""

    @property
    def runs(self) -> RunLog:
        """Finished runs."""
        ...

    @property
    def schedule(self) -> ScheduleQueue:
        """Due runs, the leader, and pauses."""
        ...

    @property
    def locations(self) -> LocationLog:
        """Places whose runs workers measure, and the results that they delivered."""
        ...

    def renewed(self) -> bool:
        """Open the database anew if its file was removed or replaced; return whether that was so."""
        ...


class ServiceRecords(SchedulerStore, JudgeHistory, CoverageRecords, Protocol):
    """What tells how a service does: its runs, its queue, what the judge said, and settings beside the file."""

    @property
    def overrides(self) -> OverrideLog:
        """Settings that hold in the place of those in files."""
        ...


class DashboardRecords(ReportRecords, ErrorRecords, Protocol):
    """What pages and the API read."""

    @property
    def attachments(self) -> AttachmentLog:
        """Files of events."""
        ...

    @property
    def commits(self) -> CommitLog:
        """Commits of releases."""
        ...

    @property
    def release_health(self) -> ReleaseHealthLog:
        """Sessions by release."""
        ...

    @property
    def load_progress(self) -> LoadProgressLog:
        """Loads that are under way."""
        ...

    @property
    def replays(self) -> ReplayLog:
        """Replays of sessions."""
        ...

    @property
    def artifacts(self) -> ArtifactStore:
        """Their contents."""
        ...

    @property
    def annotations(self) -> AnnotationLog:
        """Annotations."""
        ...

    @property
    def views(self) -> ViewLog:
        """Queries that people saved under a name."""
        ...

    @property
    def rollups(self) -> RollupReader:
        """Samples by hour and UTC day."""
        ...

    @property
    def proofs(self) -> ProofLog:
        """What `outrider prove` reported."""
        ...

    @property
    def tables(self) -> TableReader:
        """Stored rows as columns."""
        ...

    @property
    def gates(self) -> GateLog:
        """Decisions of the gate."""
        ...

    @property
    def trace_links(self) -> TraceLinkLog:
        """Which traces belong to which runs."""
        ...


class AccessRecords(Protocol):
    """What decides who may see and change what, and who did."""

    @property
    def users(self) -> UserDirectory:
        """Users who sign in with a password."""
        ...

    @property
    def sessions(self) -> SessionLog:
        """Browsers that are signed in."""
        ...

    @property
    def tokens(self) -> TokenLog:
        """Tokens of machines."""
        ...

    @property
    def audit(self) -> AuditLog:
        """Who changed what."""
        ...


class HeartbeatRecords(CheckRecords, AccessRecords, Protocol):
    """What a server of heartbeats reads and writes."""


class ProjectRecords(Protocol):
    """Where errors may be sent, and who changed that."""

    @property
    def projects(self) -> ProjectRegistry:
        """Projects and their keys."""
        ...

    @property
    def audit(self) -> AuditLog:
        """Who changed what."""
        ...


class MapRecords(Protocol):
    """What applying source maps to errors needs of the store."""

    @property
    def source_maps(self) -> SourceMapLog:
        """Which maps there are."""
        ...

    @property
    def artifacts(self) -> ArtifactStore:
        """Their contents."""
        ...

    @property
    def errors(self) -> ErrorLog:
        """Events and their issues."""
        ...


class TelemetryRecords(AccessRecords, MapRecords, Protocol):
    """What taking telemetry needs of the store: who may send, rates of services for the judge, and issues of errors."""

    @property
    def aggregates(self) -> AggregateLog:
        """Samples that belong to no run."""
        ...

    @property
    def projects(self) -> ProjectRegistry:
        """Whose exceptions become issues."""
        ...
