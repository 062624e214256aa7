"""Vitals as people read them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.real_users import BOUNDS, Vital

if TYPE_CHECKING:
    from outrider.real_users import VitalShare


def vital_figure(vital: Vital, value: float | None) -> str:
    """Return a value as people read it: 2.4 s, 180 ms, 0.08."""
    if value is None:
        return "-"
    if vital is Vital.CLS:
        return f"{value:.2f}"
    return f"{value / 1000:.1f} s" if value >= 1000 else f"{value:.0f} ms"


def vital_tone(vital: Vital, value: float | None) -> str:
    """Return the tone of a value: good, warn where it needs work, bad where it is poor."""
    if value is None:
        return "gap"
    bounds = BOUNDS[vital]
    return "good" if value <= bounds.good else "bad" if value > bounds.poor else "warn"


def vital_percent(share: VitalShare, name: str) -> int:
    """Return how many percent of the views are `good` or `poor`, or need `work`."""
    if not share.count:
        return 0
    counts = {"good": share.good, "poor": share.poor, "work": share.count - share.good - share.poor}
    return round(100 * counts[name] / share.count)
