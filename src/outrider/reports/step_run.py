"""A step of a run against what is usual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.baselines import Quantile


@dataclass(frozen=True, slots=True)
class StepRun:
    """A step of a run against the 28 days before it; durations in ms.

    Attributes:
        duration_ms: None if it never ended.
        usual: The median before, with its interval; None is too little data.
        low, high: Between which nine of ten earlier ones lay; None is too little data.
        count: How many earlier ones there are.
    """

    name: str
    offset_ms: float
    duration_ms: float | None
    error: str
    usual: Quantile | None
    low: float | None
    high: float | None
    count: int

    @property
    def standing(self) -> str:
        """How it compares: "slower", "quicker" or "as usual"; empty where that is unknown."""
        if self.duration_ms is None or self.low is None or self.high is None:
            return ""
        return "slower" if self.duration_ms > self.high else "quicker" if self.duration_ms < self.low else "as usual"
