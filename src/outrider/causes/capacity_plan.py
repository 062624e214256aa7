"""How far real traffic is from what a load showed to be sustained, and when it will get there."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from outrider.baselines import FEWEST_WEEKS, weeks_to_capacity
from outrider.model import counted, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.baselines import Exhaustion, Knee
    from outrider.causes.load_limits import LoadLimits
    from outrider.model import SpanRates

YEAR_WEEKS: Final = 52
_LEAST_SHARE: Final = 0.01  # a service that fewer of the load's requests reach is not what it loads


@dataclass(frozen=True, slots=True)
class ServiceHeadroom:
    """How far a service's real traffic is from its capacity; requests a second that enter it.

    Attributes:
        rate, low, high: What it sustains, with an 80 % interval, if its requests stay as those of the load are.
        peak: The busiest five minutes of the last seven days; None if there are none.
        weeks: How many weeks of peaks are known.
        exhaustion: In which week it is reached; None if that is not known, and `unknown` says why.
    """

    service: str
    rate: float
    low: float
    high: float
    peak: float | None
    weeks: int
    exhaustion: Exhaustion | None = None
    unknown: str = ""

    @property
    def headroom(self) -> float | None:
        """How much more than the peak is sustained, as a ratio less one."""
        return self.rate / self.peak - 1 if self.peak else None


@dataclass(frozen=True, slots=True)
class CapacityPlan:
    """What a load profile's target sustains, what ends first, and how far real traffic is from that.

    Attributes:
        run: The load that was read.
        at_us: When it was.
        sustained: Its rate with an 80 % interval: at the knee, else where the first resource is full; None is unknown.
        is_extrapolated: Whether it lies beyond what the load reached.
        services: Those that the load reached, the one with the least headroom first.
        unknown: Why nothing is known of real traffic; empty if something is.
        until_us: The end of the last week.
        unread: Why sources were not read, by their names.
    """

    check: str
    environment: str
    run: str
    at_us: int
    knee: Knee | None
    limits: LoadLimits
    sustained: tuple[float, float, float] | None
    is_extrapolated: bool
    services: tuple[ServiceHeadroom, ...]
    unknown: str
    until_us: int
    unread: Mapping[str, str] = field(default_factory=dict)


def sustained_rate(knee: Knee | None, limits: LoadLimits) -> tuple[tuple[float, float, float] | None, bool]:
    """Return the rate that is sustained with its interval, None if unknown, and whether it is extrapolated."""
    if knee is not None and knee.reached:
        return (knee.rate, knee.low, knee.high), False
    first = limits.first.limit if limits.first else None
    if first is None or not 0 < first.low <= first.high < math.inf:
        return None, False
    return (first.rate, first.low, first.high), True


def headrooms(
    sustained: tuple[float, float, float],
    load_requests: int,
    during: Sequence[SpanRates],
    before: Mapping[str, float],
    peaks: Mapping[str, Sequence[float | None]],
) -> tuple[ServiceHeadroom, ...]:
    """Return the headroom of each service that a load reached, the least first.

    Args:
        sustained: Requests of the load a second, and an 80 % interval.
        load_requests: How many it sent.
        during: What entered services meanwhile.
        before: How much would have entered each without the load.
        peaks: Of each week, the oldest first.
    """
    rooms = []
    for rates in during:
        share = (rates.count - before.get(rates.service, 0.0)) / max(load_requests, 1)
        if share >= _LEAST_SHARE:
            limit = sustained[0] * share, sustained[1] * share, sustained[2] * share
            rooms.append(_headroom(rates.service, limit, peaks.get(rates.service, ())))
    return tuple(sorted(rooms, key=lambda own: math.inf if own.headroom is None else own.headroom))


def _headroom(service: str, limit: tuple[float, float, float], peaks: Sequence[float | None]) -> ServiceHeadroom:
    known = [peak for peak in peaks if peak]
    last = peaks[-1] if peaks else None
    if not known:
        why = "no week of real traffic: spans of six days of it are needed"
        return ServiceHeadroom(service, *limit, last or None, 0, None, why)
    if len(known) < FEWEST_WEEKS:
        lacking = counted(FEWEST_WEEKS - len(known), "more week")
        return ServiceHeadroom(service, *limit, last or None, len(known), None, f"too little history: needs {lacking}")
    values = [peak or math.nan for peak in peaks]
    exhaustion = weeks_to_capacity(values, limit, np.random.default_rng(len(values)))
    return ServiceHeadroom(service, *limit, last or None, len(known), exhaustion)


def ends_first(plan: CapacityPlan) -> str:
    """Return what ends first, or why that is unknown, and which sources were not read."""
    missing = "".join(f"; not read of {name}: {why}" for name, why in plan.unread.items())
    return f"{_ends_first(plan)}{missing}"


def _ends_first(plan: CapacityPlan) -> str:
    first = plan.limits.first
    if first is None:
        return f"unknown what ends first: {plan.limits.unknown}"
    limit, others = first.limit, [own for own in plan.limits.resources[1:] if own.limit.first >= 0.1]
    rate, low = number(limit.rate, ".1f"), number(limit.low, ".1f")
    rates = f"full at {rate} requests/s (80 % interval {low} to {_end(limit.high)})"
    if not others:
        return f"{first.name} ends first: {rates}"
    rest = ", ".join(f"{own.name} {own.limit.first:.0%}" for own in others[:3])
    return f"{first.name} ends first, with a chance of {limit.first:.0%} ({rest}): {rates}"


def _end(rate: float) -> str:
    return number(rate, ".1f") if math.isfinite(rate) else "any"


def reached(headroom: ServiceHeadroom, until_us: int) -> str:
    """Return when the capacity is reached, or why that is not known."""
    exhaustion = headroom.exhaustion
    if exhaustion is None:
        return f"unknown: {headroom.unknown}"
    if exhaustion.week == 0:
        return "reached already"
    if exhaustion.low > YEAR_WEEKS:
        return "not within a year"
    low, high = _week_of(exhaustion.low, until_us), _week_of(exhaustion.high, until_us)
    if exhaustion.week > YEAR_WEEKS:
        return f"likely not within a year (80 %: from the week of {low} on)"
    until = f"to {high}" if math.isfinite(exhaustion.high) else "on, or not within two years"
    since = f"{low} {until}" if math.isfinite(exhaustion.high) else f"from {low} {until}"
    return f"in the week of {_week_of(exhaustion.week, until_us)} (80 %: {since})"


def _week_of(week: float, until_us: int) -> str:
    """Return the first day of a week to come; 1 is the one that begins at `until_us`."""
    if not math.isfinite(week):
        return "never"
    begin = datetime.fromtimestamp(until_us / 1e6, UTC) + timedelta(weeks=max(week - 1, 0))
    return begin.date().isoformat()
