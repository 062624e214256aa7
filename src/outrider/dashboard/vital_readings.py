"""The web vitals of an attempt, rated as https://web.dev/articles/vitals does. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.model import Attempt

_LIMITS = {
    "lcp_ms": ("LCP", 2_500.0, 4_000.0),
    "inp_ms": ("INP", 200.0, 500.0),
    "cls": ("CLS", 0.1, 0.25),
    "fcp_ms": ("FCP", 1_800.0, 3_000.0),
    "ttfb_ms": ("TTFB", 800.0, 1_800.0),
}
"""Name, up to which value it is good, and above which it is poor."""


@dataclass(frozen=True, slots=True)
class VitalReading:
    """The worst value of a vital among the documents of an attempt.

    Attributes:
        value: In ms; without a unit for CLS.
        rating: "good", "needs work" or "poor".
        good: The value of the last good run; None without one.
    """

    name: str
    value: float
    is_duration: bool
    rating: str
    good: float | None

    @property
    def tone(self) -> str:
        """The colour of the rating."""
        return {"good": "good", "poor": "bad"}.get(self.rating, "warn")


def vital_readings(attempt: Attempt | None, good: Attempt | None) -> tuple[VitalReading, ...]:
    """Return the vitals of an attempt beside those of another; none where no page was opened."""
    now, before = _values(attempt), _values(good)
    return tuple(
        VitalReading(name, now[metric], metric != "cls", _rating(now[metric], low, high), before.get(metric))
        for metric, (name, low, high) in _LIMITS.items()
        if metric in now
    )


def _values(attempt: Attempt | None) -> Mapping[str, float]:
    samples = attempt.measurement.samples if attempt else ()
    return {sample.metric: sample.value for sample in samples if not sample.step and sample.metric in _LIMITS}


def _rating(value: float, low: float, high: float) -> str:
    return "good" if value <= low else "poor" if value > high else "needs work"
