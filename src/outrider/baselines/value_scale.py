"""The logarithmic scale on which values are judged, and how finely they were measured."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.judge_settings import Scale

if TYPE_CHECKING:
    from outrider.baselines.judge_settings import Settings
    from outrider.baselines.series import BoolArray, FloatArray

_LEAST_OFFSET = 1e-3
_LOOKED_AT = 256  # values tell a clock's resolution
_REPEATED = 2  # times that a value must recur on average before values count as rounded
_MOST_DIGITS = 20.0  # log of a value whose millionths a double still holds
_MOST_LOG = 709.0  # of a value that a double holds
_EXACT = 1e-6  # share of a step by which a multiple of it may be off


def offset_of(settings: Settings) -> float:
    """Return what is added to a value before its logarithm is taken.

    A started logarithm (Tukey 1977) keeps zeros, and is linear where values are below what anybody feels.
    """
    return 1.0 if settings.scale is Scale.COUNT else max(settings.floor_ms, _LEAST_OFFSET)


def unit_of(settings: Settings) -> str:
    """Return the unit of values; counts have none."""
    return "" if settings.scale is Scale.COUNT else "ms"


def least_change(settings: Settings) -> float:
    """Return the smallest change, in the unit of values, that anybody feels; there is no such floor of counts."""
    return 0.0 if settings.scale is Scale.COUNT else settings.floor_ms


def is_value(value: FloatArray) -> BoolArray:
    """Return which values say something: finite, and zero or more."""
    real: BoolArray = np.isfinite(value) & (value >= 0)
    return real


def to_log(value: FloatArray, settings: Settings) -> FloatArray:
    """Return values, which must be zero or more, on the scale of the judge."""
    logs: FloatArray = np.log(value + offset_of(settings))
    return logs


def from_log(log_value: float, settings: Settings) -> float:
    """Return a value of the judge's scale in the unit of the series; a remainder of rounding is zero."""
    offset = offset_of(settings)
    value = math.exp(min(log_value, _MOST_LOG)) - offset
    return 0.0 if abs(value) < _EXACT * _EXACT * offset else value


def resolution(log_value: FloatArray, settings: Settings) -> float:
    """Return the step of the clock that measured values; zero where they are not rounded.

    Args:
        log_value: On the scale of the judge, the latest last.
    """
    recent = log_value[-_LOOKED_AT:]
    if recent.max() > _MOST_DIGITS:
        return 0.0
    raw = np.unique(np.round(np.exp(recent) - offset_of(settings), 6))
    if len(raw) < 2 or len(raw) * _REPEATED > len(recent):
        return 0.0
    step = float(np.diff(raw).min())
    multiples = raw / step
    return step if float(np.abs(multiples - np.rint(multiples)).max()) <= _EXACT * max(1.0, multiples[-1]) else 0.0
