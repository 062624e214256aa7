"""Where single runs of a series are expected, for charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.value_scale import offset_of

if TYPE_CHECKING:
    from outrider.baselines.series import FloatArray, IntArray
    from outrider.baselines.state import State

_SIGMAS = 1.645  # nine of ten values of a normal distribution
_MOST_LOG = 700.0


def expected_band(state: State, at: IntArray) -> tuple[FloatArray, FloatArray] | None:
    """Return between which values nine of ten runs are expected by the present baseline; None while it is learned.

    Args:
        state: Of the series.
        at: UTC seconds, shape (n,).

    Returns:
        Low and high, in the series' unit, both of shape (n,).
    """
    if state.baseline is None:
        return None
    middle, reach = state.baseline.expected(at, state.judging.tz), _SIGMAS * state.baseline.sigma
    low, high = (np.exp(np.minimum(middle + side * reach, _MOST_LOG)) for side in (-1, 1))
    offset = offset_of(state.settings)
    return np.maximum(low - offset, 0.0), np.maximum(high - offset, 0.0)
