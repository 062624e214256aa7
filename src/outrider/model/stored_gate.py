"""A decision of the gate as it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class StoredComparison:
    """A step of a check, or its failures, of the candidate against the base.

    Attributes:
        step: Empty for the check's failures.
        verdict: "pass", "fail" or "inconclusive".
        decides: Whether it decides, or only informs.
        base: Median duration [ms], or share of runs that failed.
        candidate: The same of the candidate.
        ratio: Of durations; None where it is not known, as its interval `low` to `high`.
        reason: The verdict in words.
    """

    check: str
    step: str
    verdict: str
    decides: bool
    base: float
    candidate: float
    ratio: float | None
    low: float | None
    high: float | None
    samples: int
    reason: str


@dataclass(frozen=True, slots=True)
class StoredGate:
    """A decision of the gate; the id is a UUIDv7.

    Attributes:
        at_us: When it was decided, microseconds UTC.
        commit: What was checked out; empty if that is not known.
        verdict: "pass", "fail", "inconclusive" or "setup error".
        against: What the candidate was compared with, in words.
        took_s: How long the gate took.
        shard: Which part of the checks it is of, such as "2/4"; empty for all.
        counts: How many comparisons that decide had each verdict.
        notable: Check, step and verdict of the first of those that did not pass.
        notes: What a reader must know to weigh it.
        wrong: Why checks could not be compared at all.
        comparisons: All, the gravest first, as far as they are kept; a list leaves them out.
    """

    id: str
    at_us: int
    commit: str
    verdict: str
    against: str
    took_s: float
    shard: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    notable: tuple[tuple[str, str, str], ...] = ()
    notes: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    comparisons: tuple[StoredComparison, ...] = ()
