"""The arrays that every judge reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from outrider.model import BadSeries

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
TimeArray = NDArray[np.datetime64]

DAY_S = 86_400


def values_of(value: ArrayLike) -> FloatArray:
    """Return `value` as a 1-d float array.

    Raises:
        BadSeries: If it is not one-dimensional or does not hold numbers.
    """
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadSeries("the values are not numbers", slug="bad-values", fix="a missing run is NaN") from error
    if array.ndim != 1:
        raise BadSeries(f"the values have shape {array.shape}", slug="bad-shape", fix="one number a run")
    return array


def seconds_of(at: ArrayLike, count: int) -> IntArray:
    """Return times as whole seconds since 1970 UTC, in the order given.

    Raises:
        BadSeries: If they are not `count` datetimes, or one of them is NaT.
    """
    array = np.asarray(at)
    if array.dtype.kind != "M" and array.size:
        raise BadSeries(f"the times are of type {array.dtype}", slug="bad-times", fix="hand in datetime64[s], UTC")
    if array.shape != (count,):
        raise BadSeries(f"times of shape {array.shape} for {count} values", slug="bad-shape", fix="one time a value")
    if array.size and np.isnat(array).any():
        raise BadSeries("a time is missing (NaT)", slug="bad-times", fix="every run has the time at which it was due")
    return array.astype("datetime64[s]").astype(np.int64)


def active_start(at: IntArray, span_s: int, until: int) -> int:
    """Return the second from which on a series was active for `span_s` until `until`; a pause counts as one day.

    Args:
        at: UTC seconds of its runs, ascending.
    """
    start = until - span_s
    for k in np.flatnonzero(np.diff(at) > DAY_S)[::-1]:
        if at[k + 1] <= start:
            break
        start -= int(at[k + 1] - at[k]) - DAY_S
    if len(at) and at[-1] < until - DAY_S:
        start -= until - int(at[-1]) - DAY_S
    return start
