"""Several ports together, by the role of what uses them; an open store has them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from outrider.model.ports.alert_ports import IncidentLog, Outbox, SilenceLog
    from outrider.model.ports.check_history import CheckHistory
    from outrider.model.ports.check_ports import CheckRegistry, HeartbeatLog
    from outrider.model.ports.run_log import RunLog
    from outrider.model.ports.schedule_queue import ScheduleQueue
    from outrider.model.ports.series_ports import JudgeMemory, RollupReader, SeriesReader
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


class ReportHistory(JudgeHistory, Protocol):
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


class Pruner(Protocol):
    """What removes expired data."""

    def prune(self, now_us: int, policy: Retention = ...) -> Pruned:
        """Make rollups and remove expired data; it may take long, and be stopped at any moment."""
        ...


class ExecutionStore(JudgeHistory, CheckRecords, Pruner, Protocol):
    """What executing and judging checks needs."""


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
    """What alerts need: histories to judge, and what is kept of incidents."""


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

    def renewed(self) -> bool:
        """Open the database anew if its file was removed or replaced; return whether that was so."""
        ...


class DashboardRecords(ReportRecords, Protocol):
    """What pages and the API read."""

    @property
    def history(self) -> CheckHistory:
        """What many checks did."""
        ...

    @property
    def rollups(self) -> RollupReader:
        """Samples by hour and UTC day."""
        ...
