"""Frozen values, their words, and the protocols between rooms; no I/O."""

from outrider.model.alert_record import (
    Acknowledgement,
    AlertChanges,
    AlertState,
    Notification,
    Silence,
    Status,
    StoredConfirmation,
    StoredGroup,
    StoredIncident,
)
from outrider.model.check import CatchUp, Check, Kind, Overlap, Policy
from outrider.model.errors import (
    BadSeries,
    BrowserError,
    ConfigError,
    ConfigErrors,
    OutriderError,
    Place,
    StoreError,
    TooFewSamples,
    UsageError,
)
from outrider.model.histogram import Histogram, bucket_of, merged
from outrider.model.identity import RunId, new_run_id
from outrider.model.judge_record import Checkpoint, Release
from outrider.model.load import (
    EndpointLoad,
    FailureGroup,
    ForegroundRun,
    LoadInterval,
    LoadResult,
    altogether,
    by_endpoint,
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
from outrider.model.queue_entry import Coverage, Leadership, Pause, QueueEntry
from outrider.model.retention import Pruned, Retention
from outrider.model.run import Attempt, Circumstances, Run
from outrider.model.service_view import CheckView, ServiceView
from outrider.model.stored_check import Beat, Beats, StoredCheck, StoredProof
from outrider.model.stored_run import RunSummary, StoredArtifact, StoredRun, Tally
from outrider.model.subject import CheckId, Subject, SubjectKind
from outrider.model.time_series import Points, Rollup, Series

__all__ = [
    "Acknowledgement", "AlertChanges", "AlertState", "ArtifactFile", "ArtifactKind", "Attempt", "BadSeries", "Beat",
    "Beats", "BrowserError", "CatchUp", "Check", "CheckId", "CheckView", "Checkpoint", "Circumstances",
    "ConfigError", "ConfigErrors", "Coverage", "EndpointLoad", "ErrorRecord", "ErrorSource", "FailureGroup",
    "ForegroundRun", "Histogram", "HostLoad", "Kind", "Leadership", "LoadInterval", "LoadResult", "Measure",
    "Measurement", "Notification", "Order", "Outcome", "OutriderError", "Overlap", "Pause", "Place", "Points",
    "Policy", "Pruned", "QueueEntry", "Release", "Retention", "Rollup", "Run", "RunId", "RunSummary", "Sample",
    "Series", "ServiceView", "Silence", "Status", "Step", "StepKind", "StoreError", "StoredArtifact", "StoredCheck",
    "StoredConfirmation", "StoredGroup", "StoredIncident", "StoredProof", "StoredRun", "Subject", "SubjectKind",
    "Tally", "TooFewSamples", "UsageError", "altogether", "bucket_of", "by_endpoint", "exit_code", "merged",
    "new_run_id",
]  # fmt: skip
