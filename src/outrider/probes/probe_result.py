"""The result of one attempt of a probe: samples, failures and who is to blame for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from outrider.model import Step, StepKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.model import ArtifactKind, Sample


CERTIFICATE_METRIC = "certificate_days"


class Blame(StrEnum):
    """Who is to blame for a failure, as far as the failure itself shows.

    TARGET: it answered, and wrongly, or refused. SLOW: it took too long, if our clock can be trusted. NETWORK: it could
    not be reached, if our own network is up. PROBER: we could not even try. SETUP: the probe is wrong. WAITING: there
    is nothing to judge yet.
    """

    TARGET = "target"
    SLOW = "slow"
    NETWORK = "network"
    PROBER = "prober"
    SETUP = "setup"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that was not as it should be.

    Attributes:
        step: Title of the request that it happened in.
        is_time_out: Whether the attempt's own limit of time is what ended it.
        metric: The sample that is below its limit, where incidents of its own exist for that.
    """

    blame: Blame
    reason: str
    step: str = ""
    is_time_out: bool = False
    metric: str = ""

    @property
    def text(self) -> str:
        """The reason, after the step that it belongs to."""
        return f"{self.step}: {self.reason}" if self.step else self.reason


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file to keep of an attempt that did not pass: a body, the log of an exchange, what a program attached.

    Attributes:
        kind: None if its name tells it.
        is_whole: Whether it is kept whole, and not only its beginning; its maker bounds it then.
        left_out_bytes: How many there were behind `data`.
    """

    name: str
    media_type: str
    data: bytes = field(repr=False)
    kind: ArtifactKind | None = None
    is_whole: bool = False
    left_out_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Everything that an attempt of a probe yields.

    Attributes:
        duration_ms: Of the probing itself, without waiting for a turn.
        address: What was probed, for a reader: a URL, or host and port.
        is_timed: Whether the result depends on how fast the prober is.
        secrets: Values learned from answers that must not be shown.
        trace_id: That the requests named, or empty.
    """

    duration_ms: float
    failures: tuple[Failure, ...] = ()
    samples: tuple[Sample, ...] = ()
    steps: tuple[Step, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    evidence_files: tuple[Evidence, ...] = ()
    address: str = ""
    secrets: tuple[str, ...] = ()
    is_timed: bool = True
    trace_id: str = ""


def only_step(title: str, duration_ms: float, failures: tuple[Failure, ...]) -> tuple[Step, ...]:
    """Return the only step of a probe, so that it is judged as the steps of journeys are."""
    return (Step(title, title, StepKind.NAMED, 0.0, duration_ms, error=failures[0].reason if failures else None),)
