"""What other rooms need of storage, as protocols; `outrider.store` implements them.

Every method may be called from any thread and raises `StoreError` where storage refuses. Each call is one transaction:
after an error nothing of it is stored, and the port may be used again.
"""

from outrider.model.ports.access_ports import AuditLog, SessionLog, TokenLog, UserDirectory
from outrider.model.ports.alert_ports import IncidentLog, Outbox, SilenceLog
from outrider.model.ports.annotation_ports import AnnotationLog, OverrideLog
from outrider.model.ports.artifact_store import ArtifactStore, Content, FolderEntry
from outrider.model.ports.attachment_log import AttachmentLog
from outrider.model.ports.check_history import CheckHistory, RunPosition
from outrider.model.ports.check_ports import CheckRegistry, HeartbeatLog, ProofLog
from outrider.model.ports.commit_log import CommitLog
from outrider.model.ports.error_log import ErrorLog
from outrider.model.ports.gate_log import GateLog
from outrider.model.ports.load_progress_log import LoadProgressLog
from outrider.model.ports.load_share_log import LoadShareLog
from outrider.model.ports.location_ports import LocationLog, WorkerLink
from outrider.model.ports.personal_data_log import ErasedData, PersonalDataLog, PersonalRecord
from outrider.model.ports.project_registry import ProjectRegistry
from outrider.model.ports.release_health_log import ReleaseHealthLog
from outrider.model.ports.replay_log import ReplayLog
from outrider.model.ports.run_log import RunLog
from outrider.model.ports.schedule_queue import ScheduleQueue
from outrider.model.ports.series_ports import AggregateLog, JudgeMemory, RollupReader, SeriesReader
from outrider.model.ports.service_ports import ServiceReader
from outrider.model.ports.source_map_log import SourceMapLog
from outrider.model.ports.source_ports import LabelledSeriesReader, OutsideReader
from outrider.model.ports.status_log import StatusLog
from outrider.model.ports.store_roles import (
    AccessRecords,
    AlertRecords,
    CheckRecords,
    CheckSchedule,
    CoverageRecords,
    DashboardRecords,
    ErrorRecords,
    ExecutionStore,
    GateRecords,
    HeartbeatRecords,
    IncidentRecords,
    JudgeHistory,
    MapRecords,
    OperatorRecords,
    ProjectRecords,
    Pruner,
    ReportHistory,
    ReportRecords,
    RunHistory,
    SchedulerStore,
    ServiceRecords,
    StatusPageRecords,
    TelemetryRecords,
)
from outrider.model.ports.table_reader import Selection, TableReader
from outrider.model.ports.telemetry_ports import TelemetryInserts, TelemetryReader
from outrider.model.ports.trace_link_log import TraceLinkLog
from outrider.model.ports.view_log import ViewLog

__all__ = [
    "AccessRecords", "AggregateLog", "AlertRecords", "AnnotationLog", "ArtifactStore", "AttachmentLog", "AuditLog",
    "CheckHistory", "CheckRecords", "CheckRegistry", "CheckSchedule", "CommitLog", "Content", "CoverageRecords",
    "DashboardRecords", "ErasedData", "ErrorLog", "ErrorRecords", "ExecutionStore", "FolderEntry", "GateLog",
    "GateRecords", "HeartbeatLog", "HeartbeatRecords", "IncidentLog", "IncidentRecords", "JudgeHistory",
    "JudgeMemory", "LabelledSeriesReader", "LoadProgressLog", "LoadShareLog", "LocationLog", "MapRecords",
    "OperatorRecords", "Outbox", "OutsideReader", "OverrideLog", "PersonalDataLog", "PersonalRecord", "ProjectRecords",
    "ProjectRegistry", "ProofLog", "Pruner", "ReleaseHealthLog", "ReplayLog", "ReportHistory", "ReportRecords",
    "RollupReader", "RunHistory", "RunLog", "RunPosition", "ScheduleQueue", "SchedulerStore", "Selection",
    "SeriesReader", "ServiceReader", "ServiceRecords", "SessionLog", "SilenceLog", "SourceMapLog", "StatusLog",
    "StatusPageRecords", "TableReader", "TelemetryInserts", "TelemetryReader", "TelemetryRecords", "TokenLog",
    "TraceLinkLog", "UserDirectory", "ViewLog", "WorkerLink",
]  # fmt: skip
