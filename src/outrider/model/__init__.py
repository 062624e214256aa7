"""Frozen values, their words and the Measure protocol; no I/O."""

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
from outrider.model.histogram import RATIO, TOLD_AS, Histogram, bucket_of, merged
from outrider.model.identity import CheckId, RunId, new_run_id
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
from outrider.model.run import Attempt, Circumstances, Run

__all__ = [
    "RATIO", "TOLD_AS",
    "ArtifactFile", "ArtifactKind", "Attempt", "BadSeries", "BrowserError", "CatchUp", "Check", "CheckId",
    "Circumstances", "ConfigError", "ConfigErrors", "EndpointLoad", "ErrorRecord", "ErrorSource", "FailureGroup",
    "ForegroundRun", "Histogram", "HostLoad", "Kind", "LoadInterval", "LoadResult", "Measure", "Measurement", "Order",
    "Outcome", "OutriderError", "Overlap", "Place", "Policy", "Run", "RunId", "Sample", "Step", "StepKind",
    "StoreError", "TooFewSamples", "UsageError", "altogether", "bucket_of", "by_endpoint", "exit_code", "merged",
    "new_run_id",
]  # fmt: skip
