"""Lab and field: a page in journeys beside the same page at real users, and what of the difference is explained. Pure.

The views of users are narrowed to those that were seen as the journey saw the page, one condition after the other: by
cache, device, connection and place. What the 75th percentile changes by is what that condition explains, if those that
are alike differ from the others by more than chance (99 %). What is left is not explained.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from outrider.real_users.vital_answer import BOUNDS, Vital, VitalShare

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from outrider.real_users.lab_page import LabPage
    from outrider.real_users.view_conditions import Conditions
    from outrider.real_users.vital_answer import ConditionedViews

FEWEST: Final = 20
"""Fewer views or runs say too little of a 75th percentile."""
COMPARED: Final = (Vital.LCP, Vital.FCP, Vital.TTFB, Vital.CLS)
_QUANTILE: Final = 0.75
_SURE: Final = 2.576
"""Standard errors; two-sided 99 % of a normal distribution."""
_WIDTH: Final = 2.0
"""Of how many standard errors the order statistics are apart from the percentile: nearer ones vary more themselves."""


class Factor(StrEnum):
    """By what lab and field may differ."""

    CACHE = "cache"
    DEVICE = "device"
    CONNECTION = "connection"
    PLACE = "place"


class Finding(StrEnum):
    """What is known of a factor's part in a difference."""

    EXPLAINS = "explains"
    CHANCE = "no more than chance"
    FEW = "too few visits"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class DifferencePart:
    """What one factor explains.

    Attributes:
        lab: What it is in the lab, such as "desktop"; "" if that is not known.
        part: Of the difference, with its sign; None unless it explains some.
        alike: Views as in the lab, and `others` those that are not; who does not tell is neither.
    """

    factor: Factor
    finding: Finding
    lab: str
    part: float | None
    alike: int
    others: int


@dataclass(frozen=True, slots=True)
class VitalDifference:
    """A vital in lab and field.

    Attributes:
        difference: The field's 75th percentile less the lab's; None where either has too few values.
        is_sure: Whether it is more than chance.
        parts: What explains it; none where it may be chance.
        rest: What is not explained.
    """

    vital: Vital
    lab: VitalShare
    field: VitalShare
    difference: float | None
    is_sure: bool
    parts: tuple[DifferencePart, ...]
    rest: float | None


def compare(
    lab: LabPage, field: Mapping[Vital, VitalShare], views: Sequence[ConditionedViews]
) -> tuple[VitalDifference, ...]:
    """Return each vital of a page in lab and field.

    Args:
        lab: What a journey measured.
        field: What all views of users say.
        views: The views of users, or a fair sample of them.
    """
    return tuple(_difference(vital, lab, field[vital], views) for vital in COMPARED)


def share_of(vital: Vital, values: NDArray[np.float64]) -> VitalShare:
    """Return number, 75th percentile and shares of values."""
    p75 = float(np.quantile(values, _QUANTILE)) if values.size else None
    bounds = BOUNDS[vital]
    return VitalShare(values.size, p75, int((values <= bounds.good).sum()), int((values > bounds.poor).sum()))


def _difference(vital: Vital, lab: LabPage, field: VitalShare, views: Sequence[ConditionedViews]) -> VitalDifference:
    measured = lab.values.get(vital, np.empty(0))
    own, users = share_of(vital, measured), _values(vital, views)
    if own.p75 is None or field.p75 is None or min(own.count, field.count, users.size) < FEWEST:
        return VitalDifference(vital, own, field, None, False, (), None)
    difference = field.p75 - own.p75
    if not _differ(measured, users):
        return VitalDifference(vital, own, field, difference, False, (), None)
    parts = tuple(_parts(vital, lab.conditions, views))
    return VitalDifference(
        vital, own, field, difference, True, parts, difference - math.fsum(part.part or 0.0 for part in parts)
    )


def _parts(vital: Vital, lab: Conditions, views: Sequence[ConditionedViews]) -> list[DifferencePart]:
    parts, left = [], list(views)
    for factor in Factor:
        part, alike = _part(factor, vital, lab, left)
        parts.append(part)
        left = alike if part.part is not None else left
    return parts


def _part(
    factor: Factor, vital: Vital, lab: Conditions, views: Sequence[ConditionedViews]
) -> tuple[DifferencePart, list[ConditionedViews]]:
    is_alike, own = _LIKENESS[factor], _NAMES[factor](lab)
    known = {True: [], False: []}  # type: dict[bool, list[ConditionedViews]]
    for group in views if own else ():
        if (alike := is_alike(group.conditions, lab)) is not None:
            known[alike].append(group)
    alike_values, other_values = _values(vital, known[True]), _values(vital, known[False])
    finding, part = Finding.EXPLAINS, None
    if not own or not alike_values.size + other_values.size:
        finding = Finding.UNKNOWN
    elif other_values.size and min(alike_values.size, other_values.size) < FEWEST:
        finding = Finding.FEW
    elif not _differ(alike_values, other_values):
        finding = Finding.CHANCE
    else:
        both = np.concatenate([alike_values, other_values])
        part = float(np.quantile(both, _QUANTILE) - np.quantile(alike_values, _QUANTILE))
    return DifferencePart(factor, finding, own, part, alike_values.size, other_values.size), known[True]


def _values(vital: Vital, views: Sequence[ConditionedViews]) -> NDArray[np.float64]:
    return np.concatenate([np.empty(0), *(group.values[vital] for group in views if vital in group.values)])


def _differ(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    """Whether two 75th percentiles differ by more than chance; False of too few values."""
    if min(first.size, second.size) < FEWEST:
        return False
    apart = abs(float(np.quantile(first, _QUANTILE) - np.quantile(second, _QUANTILE)))
    return apart > _SURE * math.hypot(_error(first), _error(second))


def _error(values: NDArray[np.float64]) -> float:
    """Return the standard error of the 75th percentile, by the order statistics around it.

    The rank of the percentile is binomial, with the variance n p (1 - p); David and Nagaraja, Order Statistics, 7.1.
    """
    spread = _WIDTH * math.sqrt(_QUANTILE * (1 - _QUANTILE) / values.size)
    low, high = np.quantile(values, [max(_QUANTILE - spread, 0.0), min(_QUANTILE + spread, 1.0)])
    return float(high - low) / (2 * _WIDTH)


def _same(name: str) -> Callable[[Conditions, Conditions], bool | None]:
    def is_alike(views: Conditions, lab: Conditions) -> bool | None:
        own = getattr(views, name)
        return own == getattr(lab, name) if own else None

    return is_alike


def _same_machine(views: Conditions, lab: Conditions) -> bool | None:
    """Whether kind and power are alike; None where the one that matters is not told."""
    if not views.device or views.device != lab.device:
        return False if views.device else None
    if not lab.power:
        return True
    return views.power == lab.power if views.power else None


_LIKENESS: Final[Mapping[Factor, Callable[[Conditions, Conditions], bool | None]]] = {
    Factor.CACHE: _same("cache"), Factor.DEVICE: _same_machine, Factor.CONNECTION: _same("connection"),
    Factor.PLACE: _same("country"),
}  # fmt: skip
_NAMES: Final[Mapping[Factor, Callable[[Conditions], str]]] = {
    Factor.CACHE: lambda lab: lab.cache,
    Factor.DEVICE: lambda lab: " of ".join(filter(None, (lab.device, lab.power and f"{lab.power} power"))),
    Factor.CONNECTION: lambda lab: lab.connection,
    Factor.PLACE: lambda lab: lab.country,
}
