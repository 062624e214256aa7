"""A run as it is kept: its attempts and the outcome over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from outrider.model.identity import RunId
    from outrider.model.measurement import Measurement
    from outrider.model.outcome import Outcome
    from outrider.model.subject import CheckId

SIMULATED: Final = "simulated"
"""What the host begins with of runs that were never made."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try within a run; `measured` is false for a retry's or an evidence attempt's numbers."""

    number: int
    measured: bool
    evidence: bool
    measurement: Measurement


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Attributes of a run that may explain a change point, and that are not part of a series' identity."""

    release: str = ""
    browser: str = ""
    outrider_version: str = ""
    host: str = ""
    snapshot: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One scheduled execution of a check.

    Attributes:
        due_us: When it was due, microseconds UTC: the clock of the series.
        reason: One line for a reader; empty if it passed.
        due_count: How many due runs this record stands for: several only where they were missed in a row.
    """

    id: RunId
    check: CheckId
    environment: str
    location: str
    due_us: int
    started_us: int
    finished_us: int
    outcome: Outcome
    reason: str
    attempts: tuple[Attempt, ...]
    circumstances: Circumstances
    due_count: int = 1
