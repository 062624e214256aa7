"""What is refused of aggregates before any is stored: times of another unit, values that are no numbers."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING

from outrider.model import AggregateSample, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_DAY_US = 86_400_000_000
_YEAR_2000_US = 946_684_800_000_000
_TIME_FIX = "give whole microseconds UTC, such as time.time_ns() // 1000; none of this call was stored"
_VALUE_FIX = "give a number; none of this call was stored"


def check_aggregates(samples: Sequence[AggregateSample], now_us: int) -> None:
    """Refuse all samples if one of them can only be a mistake of the program that hands them in.

    Args:
        samples: What is to be stored.
        now_us: The present time; a sample may be a day ahead of it, as clocks differ.

    Raises:
        UsageError: bad-aggregate.
    """
    handed_in: Sequence[object] = samples
    for number, sample in enumerate(handed_in):
        if not isinstance(sample, AggregateSample):
            fix = "give AggregateSample objects; none of this call was stored"
            raise UsageError(f"samples[{number}] = {sample!r} is no AggregateSample", slug="bad-aggregate", fix=fix)
        if problem := _problem(sample, now_us):
            what, fix = problem
            raise UsageError(f"samples[{number}] of {sample.subject}: {what}", slug="bad-aggregate", fix=fix)


def _problem(sample: AggregateSample, now_us: int) -> tuple[str, str] | None:
    at_us: object = sample.at_us
    if not isinstance(at_us, Integral):
        return f"at_us = {at_us!r} is no whole number", _TIME_FIX
    if int(at_us) < _YEAR_2000_US:
        return f"at_us = {at_us} is before the year 2000, if it is microseconds", _TIME_FIX
    if int(at_us) > now_us + _DAY_US:
        return f"at_us = {at_us} is more than a day ahead, if it is microseconds", _TIME_FIX
    return _value_problem(sample)


def _value_problem(sample: AggregateSample) -> tuple[str, str] | None:
    value: object = sample.value
    if isinstance(value, bool) or not isinstance(value, Real):
        return f"value = {value!r} is no number", _VALUE_FIX
    try:
        float(value)
    except OverflowError:
        return "value is too large for a number of 64 bits", _VALUE_FIX
    if sample.metric == "duration_ms" and float(value) < 0:
        return f"value = {value} is a negative duration", "give milliseconds from 0; none of this call was stored"
    return None
