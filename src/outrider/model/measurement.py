"""What one attempt measured: steps, samples, errors, artifacts, and how busy the host was."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from outrider.model.check import Check
    from outrider.model.identity import RunId
    from outrider.model.load import LoadResult
    from outrider.model.outcome import Outcome
    from outrider.model.ports.artifact_store import Content
    from outrider.model.trace_link import AttemptTrace


class StepKind(StrEnum):
    """Who named the step."""

    NAMED = "named"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Step:
    """A timed part of a journey.

    Attributes:
        key: Identity within the check: the name given, or action, normalised locator and ordinal.
        title: What a reader sees.
        offset_ms: Start, from the start of the attempt.
        duration_ms: On a monotonic clock; None if it never ended.
        parent: Key of the named step around it, or None.
        source: `file:line` of the call, or empty.
        error: What went wrong in it, or None.
    """

    key: str
    title: str
    kind: StepKind
    offset_ms: float
    duration_ms: float | None
    parent: str | None = None
    source: str = ""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One number of a series; `step` is empty for the whole run. Durations are in ms, sizes in bytes."""

    step: str
    metric: str
    value: float


class ErrorSource(StrEnum):
    """Who reported an error during the attempt."""

    TEST = "test"
    PAGE = "page"
    CONSOLE = "console"
    REQUEST = "request"
    RUNNER = "runner"


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """An error seen during the attempt; it need not have decided the outcome."""

    source: ErrorSource
    message: str
    stack: str = ""
    url: str = ""
    step: str = ""
    offset_ms: float | None = None


class ArtifactKind(StrEnum):
    """What an artifact is."""

    TRACE = "trace"
    HAR = "har"
    SCREENSHOT = "screenshot"
    VIDEO = "video"
    LOG = "log"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """A file that an attempt left, waiting to be taken into the store.

    Attributes:
        is_redacted: Whether its secrets are hidden.
        content: Where the store has it already, uploaded from elsewhere.
    """

    kind: ArtifactKind
    name: str
    media_type: str
    path: Path
    is_redacted: bool = False
    content: Content | None = None


@dataclass(frozen=True, slots=True)
class HostLoad:
    """How busy the prober's own host was; shares are of all its processors, 0 to 1.

    Attributes:
        own_share: Used by this attempt's processes.
        other_share: Used by everything else, time stolen by the hypervisor included.
    """

    processors: int
    load_1m: float
    own_share: float
    other_share: float
    memory_available_bytes: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """Everything that one attempt brought back.

    Attributes:
        outcome: What this attempt alone says; never PASSED_ON_RETRY.
        reason: One line for a reader; empty if it passed.
        started_us: Microseconds UTC.
        duration_ms: On a monotonic clock, without set-up and tear-down of the prober itself.
        attributes: What was measured with: browser, viewport, protocol, remote address …
        traces: Those that the attempt began or met, in the order of their requests.
        load: What a load profile measured beside.
        omitted: What was measured and is not here, a line each; `StoredRun.omitted` has it once the run is stored.
    """

    outcome: Outcome
    reason: str
    started_us: int
    duration_ms: float
    steps: tuple[Step, ...] = ()
    samples: tuple[Sample, ...] = ()
    errors: tuple[ErrorRecord, ...] = ()
    artifacts: tuple[ArtifactFile, ...] = ()
    host: HostLoad | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    traces: tuple[AttemptTrace, ...] = ()
    load: LoadResult | None = None
    omitted: tuple[str, ...] = ()

    @property
    def trace_ids(self) -> tuple[str, ...]:
        """The ids of its traces, each once."""
        return tuple(dict.fromkeys(trace.trace_id for trace in self.traces))


@dataclass(frozen=True, slots=True)
class Order:
    """What a measure is asked to do.

    Attributes:
        attempt: From one.
        deadline_s: Seconds it may take before it is stopped by force.
        evidence: Record everything; the result is not a measurement.
        scratch: Folder of this attempt, empty, or for measures that start many not made yet; the caller removes it.
    """

    run: RunId
    check: Check
    attempt: int
    deadline_s: float
    scratch: Path
    evidence: bool = False
    fault: str | None = None


class Measure(Protocol):
    """The interface of every kind of check.

    `measure` returns within `order.deadline_s` + 2 s whatever the target does, leaves no process and no file
    outside `order.scratch`, and never raises for a failing target.
    """

    def measure(self, order: Order) -> Measurement:
        """Carry out one attempt."""
        ...
