"""Frozen values, their words, and the protocols between rooms; no I/O."""

from outrider.model.access import AccessToken, AuditEntry, Role, SignInSession, TokenKind, User, is_reserved, user_key
from outrider.model.alert_record import (
    ASSIGN,
    Acknowledgement,
    AlertChanges,
    AlertState,
    Comment,
    IncidentQuery,
    Notification,
    ReceiverState,
    Silence,
    Status,
    StoredConfirmation,
    StoredGroup,
    StoredIncident,
    UndeliveredCount,
)
from outrider.model.annotation import Annotation, SettingOverride
from outrider.model.arguments import check_at_least, check_text
from outrider.model.check import CatchUp, Check, Kind, Overlap, Policy, title_of
from outrider.model.check_period import PeriodCount, PeriodDuration
from outrider.model.commit import Commit
from outrider.model.error_event import (
    Breadcrumb,
    DebugImage,
    ErrorEvent,
    ErrorException,
    ErrorRequest,
    ErrorThread,
    ErrorUser,
    StackFrame,
    event_from_json,
    event_to_json,
    is_event_id,
)
from outrider.model.error_project import ErrorProject, KeyPurpose, ProjectKey, QuotaUse
from outrider.model.errors import (
    BadSeries,
    BrowserError,
    CommitInDoubt,
    ConfigError,
    ConfigErrors,
    InternalError,
    NotLeading,
    OutriderError,
    Place,
    ServerError,
    SourceError,
    StoreError,
    TelemetryError,
    TelemetryUnavailable,
    TooFewSamples,
    UsageError,
    reason_of,
)
from outrider.model.event_attachment import EventAttachment
from outrider.model.excerpt import Excerpt
from outrider.model.finite_number import finite_number
from outrider.model.histogram import BUCKET_VALUE, LEAST, RATIO, Histogram, bucket_of, merged
from outrider.model.host_answer import HostPoint, HostReading, RuntimePoint
from outrider.model.host_state import HostState
from outrider.model.host_turn import Claim, HostTurn
from outrider.model.identity import RunId, new_run_id
from outrider.model.issue import (
    NEXT_RELEASE,
    AddedEvent,
    Arrival,
    ErrorRules,
    EventPlace,
    FingerprintRule,
    Grouping,
    IgnoredUntil,
    Issue,
    IssueId,
    IssueKey,
    IssueLife,
    IssueNote,
    IssueOrder,
    IssueQuery,
    IssueState,
    KeptEvent,
    OwnerRule,
    TagCount,
)
from outrider.model.job_call import Beat, Beats, CallKind, HeartbeatKeys
from outrider.model.judge_record import Checkpoint, Release, release_number
from outrider.model.load import (
    EndpointLoad,
    FailureGroup,
    ForegroundRun,
    LoadInterval,
    LoadResult,
    altogether,
    by_endpoint,
)
from outrider.model.load_second import LoadSecond
from outrider.model.load_share import FailedShare, LoadShare, ShareState
from outrider.model.locale import LOCALES, counted, date, locale, number, per_cent, share_text, short, using_locale
from outrider.model.location_name import HERE, is_location_name
from outrider.model.location_order import (
    ALIVE_US,
    AWAITED_US,
    BROKER,
    LEASE_US,
    REMEMBERED_US,
    Assignment,
    Caller,
    DeliveredResult,
    HeldRun,
    LeasedEntry,
    LocationOrder,
    LocationWorker,
    ReportAnswer,
    SilentOrder,
    Verdict,
    WorkerReport,
    valid_until_us,
)
from outrider.model.measurement import (
    ArtifactFile,
    ArtifactKind,
    ErrorRecord,
    ErrorSource,
    HostLoad,
    Measure,
    Measurement,
    Order,
    Sample,
    Step,
    StepKind,
)
from outrider.model.outcome import Outcome, exit_code
from outrider.model.outside_source import (
    LabelledSeries,
    OutsideError,
    SourceKind,
    SourceState,
    different_labels,
    labels_of_name,
    series_names,
)
from outrider.model.outside_text import bounded, identity, printable, printable_json, spreadsheet_cell, tail
from outrider.model.person import (
    ERASED,
    USER_FIELDS,
    Identifier,
    IdentifierKind,
    Person,
    Tombstone,
    Tombstones,
    key_name,
)
from outrider.model.planned_maintenance import PlannedMaintenance
from outrider.model.ports import (
    AccessRecords,
    AggregateLog,
    AlertRecords,
    AnnotationLog,
    ArtifactStore,
    AttachmentLog,
    AuditLog,
    ChangeBell,
    CheckHistory,
    CheckRecords,
    CheckRegistry,
    CheckSchedule,
    CommitLog,
    Content,
    CoverageRecords,
    DashboardRecords,
    ErasedData,
    ErrorLog,
    ErrorRecords,
    ExecutionStore,
    FolderEntry,
    GateLog,
    GateRecords,
    HeartbeatLog,
    HeartbeatRecords,
    IncidentLog,
    IncidentRecords,
    JudgeHistory,
    JudgeMemory,
    LabelledSeriesReader,
    LoadProgressLog,
    LoadShareLog,
    LocationLog,
    MapRecords,
    OperatorRecords,
    Outbox,
    OutsideReader,
    OverrideLog,
    PersonalDataLog,
    PersonalRecord,
    ProjectRecords,
    ProjectRegistry,
    ProofLog,
    Pruner,
    ReleaseHealthLog,
    ReplayLog,
    ReportHistory,
    ReportRecords,
    RollupReader,
    RunHistory,
    RunLog,
    RunPosition,
    ScheduleQueue,
    SchedulerStore,
    Selection,
    SeriesReader,
    ServiceReader,
    ServiceRecords,
    SessionLog,
    SilenceLog,
    SourceMapLog,
    StatusLog,
    StatusPageRecords,
    TableReader,
    TelemetryInserts,
    TelemetryReader,
    TelemetryRecords,
    TokenLog,
    TraceLinkLog,
    UserDirectory,
    ViewLog,
    WorkerLink,
)
from outrider.model.query_parameters import known_query
from outrider.model.queue_entry import Coverage, Leadership, Pause, QueueEntry
from outrider.model.release_health import ReleaseHealth, ReleaseVisits, SessionCount
from outrider.model.replay_segment import ReplayQuery, ReplaySegment, ReplaySummary
from outrider.model.retention import LAST_GOOD_KINDS, LASTING, Pruned, Retention
from outrider.model.run import SIMULATED, Attempt, Circumstances, Run
from outrider.model.run_facts import RunFacts
from outrider.model.saved_view import SavedView, ViewPage
from outrider.model.service_answer import (
    CALL_ERRORS,
    CALL_P95,
    DURATION,
    FAILING,
    OPERATION_METRICS,
    OTHER_VALUES,
    PAGE_PERIOD_MINUTES,
    PAGE_SERIES,
    REQUESTS,
    RULE_VALUE,
    RULE_VALUE_KEPT_S,
    SERVICE_METRICS,
    USUAL,
    Dependency,
    Deployment,
    MovedOperation,
    Node,
    NodeKind,
    OperationCount,
    RatePoint,
    ServiceInstance,
    Statement,
    apdex,
)
from outrider.model.service_view import CheckView, LostTelemetry, ProcessView, ServiceView
from outrider.model.session_address import session_addresses
from outrider.model.source_map_entry import SourceMapEntry
from outrider.model.status_update import MOST_TEXT_CHARACTERS, MOST_TITLE_CHARACTERS, Impact, StatusPhase, StatusUpdate
from outrider.model.store_size import Freed, StoreSize
from outrider.model.stored_changes import StoredChanges
from outrider.model.stored_check import StoredCheck, StoredProof
from outrider.model.stored_gate import StoredComparison, StoredGate
from outrider.model.stored_run import GZIP_SUFFIX, RunSummary, StoredArtifact, StoredRun, Tally
from outrider.model.subject import CHECK_KINDS, CheckId, Subject, SubjectKind
from outrider.model.telemetry import (
    Attributes,
    ExponentialValue,
    GaugeValue,
    HistogramValue,
    LogRecord,
    MetricPoint,
    MetricValue,
    Origin,
    Span,
    SpanEvent,
    SpanLink,
    SummaryValue,
    SumValue,
)
from outrider.model.telemetry_answer import (
    Facet,
    LogPattern,
    LogPatterns,
    Matches,
    MeasuredTable,
    Notable,
    NotablePattern,
    RecordKind,
    RowPosition,
    SpanRates,
)
from outrider.model.time_series import (
    AggregateSample,
    Points,
    RecordedAggregates,
    Rollup,
    Series,
    SeriesPart,
    UnjudgedSeries,
)
from outrider.model.trace_context import VENDOR, TraceContext, TraceGrant, begin_trace, grant_traces, origin_of
from outrider.model.trace_link import AttemptTrace, TraceLink, TraceSource, is_trace_id

__all__ = [
    "ALIVE_US", "ASSIGN", "AWAITED_US", "BROKER", "BUCKET_VALUE", "CALL_ERRORS", "CALL_P95", "CHECK_KINDS",
    "DURATION", "ERASED", "FAILING", "GZIP_SUFFIX", "HERE", "LASTING", "LAST_GOOD_KINDS", "LEASE_US", "LEAST",
    "LOCALES", "MOST_TEXT_CHARACTERS", "MOST_TITLE_CHARACTERS", "NEXT_RELEASE", "OPERATION_METRICS", "OTHER_VALUES",
    "PAGE_PERIOD_MINUTES", "PAGE_SERIES", "RATIO", "REMEMBERED_US", "REQUESTS", "RULE_VALUE", "RULE_VALUE_KEPT_S",
    "SERVICE_METRICS", "SIMULATED", "USER_FIELDS", "USUAL", "VENDOR", "AccessRecords", "AccessToken",
    "Acknowledgement", "AddedEvent", "AggregateLog", "AggregateSample", "AlertChanges", "AlertRecords",
    "AlertState", "Annotation", "AnnotationLog", "Arrival", "ArtifactFile", "ArtifactKind", "ArtifactStore",
    "Assignment", "AttachmentLog", "Attempt", "AttemptTrace", "Attributes", "AuditEntry", "AuditLog", "BadSeries",
    "Beat", "Beats", "Breadcrumb", "BrowserError", "CallKind", "Caller", "CatchUp", "ChangeBell", "Check",
    "CheckHistory", "CheckId", "CheckRecords", "CheckRegistry", "CheckSchedule", "CheckView", "Checkpoint",
    "Circumstances", "Claim", "Comment", "Commit", "CommitInDoubt", "CommitLog",
    "ConfigError", "ConfigErrors", "Content",
    "Coverage", "CoverageRecords", "DashboardRecords", "DebugImage", "DeliveredResult", "Dependency", "Deployment",
    "EndpointLoad", "ErasedData", "ErrorEvent", "ErrorException", "ErrorLog", "ErrorProject", "ErrorRecord",
    "ErrorRecords", "ErrorRequest", "ErrorRules", "ErrorSource", "ErrorThread", "ErrorUser", "EventAttachment",
    "EventPlace", "Excerpt", "ExecutionStore", "ExponentialValue", "Facet", "FailedShare", "FailureGroup",
    "FingerprintRule", "FolderEntry", "ForegroundRun", "Freed", "GateLog", "GateRecords", "GaugeValue", "Grouping",
    "HeartbeatKeys", "HeartbeatLog", "HeartbeatRecords", "HeldRun", "Histogram", "HistogramValue", "HostLoad",
    "HostPoint", "HostReading", "HostState", "HostTurn", "Identifier", "IdentifierKind", "IgnoredUntil", "Impact",
    "IncidentLog", "IncidentQuery", "IncidentRecords", "InternalError", "Issue", "IssueId", "IssueKey", "IssueLife",
    "IssueNote", "IssueOrder", "IssueQuery", "IssueState", "JudgeHistory", "JudgeMemory", "KeptEvent", "KeyPurpose",
    "Kind", "LabelledSeries", "LabelledSeriesReader", "Leadership", "LeasedEntry", "LoadInterval",
    "LoadProgressLog", "LoadResult", "LoadSecond", "LoadShare", "LoadShareLog", "LocationLog", "LocationOrder",
    "LocationWorker", "LogPattern", "LogPatterns", "LogRecord", "LostTelemetry", "MapRecords", "Matches", "Measure",
    "MeasuredTable", "Measurement", "MetricPoint", "MetricValue", "MovedOperation", "Node", "NodeKind",
    "NotLeading", "Notable", "NotablePattern", "Notification", "OperationCount", "OperatorRecords", "Order",
    "Origin", "Outbox", "Outcome", "OutriderError", "OutsideError", "OutsideReader", "Overlap", "OverrideLog",
    "OwnerRule", "Pause", "PeriodCount", "PeriodDuration", "Person", "PersonalDataLog", "PersonalRecord", "Place",
    "PlannedMaintenance", "Points", "Policy", "ProcessView", "ProjectKey", "ProjectRecords", "ProjectRegistry",
    "ProofLog", "Pruned", "Pruner", "QueueEntry", "QuotaUse", "RatePoint", "ReceiverState", "RecordKind",
    "RecordedAggregates", "Release", "ReleaseHealth", "ReleaseHealthLog", "ReleaseVisits", "ReplayLog",
    "ReplayQuery", "ReplaySegment", "ReplaySummary", "ReportAnswer", "ReportHistory", "ReportRecords", "Retention",
    "Role", "Rollup", "RollupReader", "RowPosition", "Run", "RunFacts", "RunHistory", "RunId", "RunLog",
    "RunPosition", "RunSummary", "RuntimePoint", "Sample", "SavedView", "ScheduleQueue", "SchedulerStore",
    "Selection", "Series", "SeriesPart", "SeriesReader", "ServerError", "ServiceInstance", "ServiceReader",
    "ServiceRecords", "ServiceView", "SessionCount", "SessionLog", "SettingOverride", "ShareState", "SignInSession",
    "Silence", "SilenceLog", "SilentOrder", "SourceError", "SourceKind", "SourceMapEntry", "SourceMapLog",
    "SourceState", "Span", "SpanEvent", "SpanLink", "SpanRates", "StackFrame", "Statement", "Status", "StatusLog",
    "StatusPageRecords", "StatusPhase", "StatusUpdate", "Step", "StepKind", "StoreError", "StoreSize",
    "StoredArtifact", "StoredChanges", "StoredCheck", "StoredComparison", "StoredConfirmation", "StoredGate",
    "StoredGroup", "StoredIncident", "StoredProof", "StoredRun", "Subject", "SubjectKind", "SumValue",
    "SummaryValue", "TableReader", "TagCount", "Tally", "TelemetryError", "TelemetryInserts", "TelemetryReader",
    "TelemetryRecords", "TelemetryUnavailable", "TokenKind", "TokenLog", "Tombstone", "Tombstones", "TooFewSamples",
    "TraceContext", "TraceGrant", "TraceLink", "TraceLinkLog", "TraceSource", "UndeliveredCount", "UnjudgedSeries",
    "UsageError", "User", "UserDirectory", "Verdict", "ViewLog", "ViewPage", "WorkerLink", "WorkerReport",
    "altogether", "apdex", "begin_trace", "bounded", "bucket_of", "by_endpoint", "check_at_least", "check_text",
    "counted", "date", "different_labels", "event_from_json", "event_to_json", "exit_code", "finite_number",
    "grant_traces", "identity", "is_event_id", "is_location_name", "is_reserved", "is_trace_id", "key_name",
    "known_query", "labels_of_name", "locale", "merged", "new_run_id", "number", "origin_of", "per_cent", "printable",
    "printable_json", "reason_of", "release_number", "series_names", "session_addresses", "share_text", "short",
    "spreadsheet_cell", "tail", "title_of", "user_key", "using_locale", "valid_until_us",
]  # fmt: skip
