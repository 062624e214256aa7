"""What other rooms need of storage, as protocols; `outrider.store` implements them.

Every method may be called from any thread and raises `StoreError` where storage refuses. Each call is one transaction:
after an error nothing of it is stored, and the port may be used again.
"""

from outrider.model.ports.alert_ports import IncidentLog, Outbox, SilenceLog
from outrider.model.ports.artifact_store import ArtifactStore, Content, FolderEntry
from outrider.model.ports.check_history import CheckHistory, RunPosition
from outrider.model.ports.check_ports import CheckRegistry, HeartbeatLog, ProofLog
from outrider.model.ports.run_log import RunLog
from outrider.model.ports.schedule_queue import ScheduleQueue
from outrider.model.ports.series_ports import AggregateLog, JudgeMemory, RollupReader, SeriesReader
from outrider.model.ports.store_roles import (
    AlertRecords,
    CheckRecords,
    CheckSchedule,
    DashboardRecords,
    ExecutionStore,
    IncidentRecords,
    JudgeHistory,
    Pruner,
    ReportHistory,
    ReportRecords,
    RunHistory,
    SchedulerStore,
)
from outrider.model.ports.table_reader import Selection, TableReader

__all__ = [
    "AggregateLog", "AlertRecords", "ArtifactStore", "CheckHistory", "CheckRecords", "CheckRegistry", "CheckSchedule",
    "Content", "DashboardRecords", "ExecutionStore", "FolderEntry", "HeartbeatLog", "IncidentLog", "IncidentRecords",
    "JudgeHistory", "JudgeMemory", "Outbox", "ProofLog", "Pruner", "ReportHistory", "ReportRecords", "RollupReader",
    "RunHistory", "RunLog", "RunPosition", "ScheduleQueue", "SchedulerStore", "Selection", "SeriesReader",
    "SilenceLog", "TableReader",
]  # fmt: skip
