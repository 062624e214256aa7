"""When a metric took values that it usually does not have. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from outrider.baselines import MAD_TO_SIGMA

if TYPE_CHECKING:
    from outrider.baselines import FloatArray

_FAR: Final = 6.0
"""So many robust standard deviations from the median."""

_LEAST_SHARE: Final = 0.2
"""Of the median: a smaller move is none."""

_LEAST_VALUES: Final = 60
_CALM: Final = 10
"""Values in a row that are as usual, before another move may begin."""


def move_starts(values: FloatArray, *, least: float = 0.0) -> tuple[int, ...]:
    """Return where a metric begins to lie far from what is usual of it; none where too little is known.

    Args:
        values: One a period, shape (n,), NaN where there is none.
        least: In the metric's unit: a smaller move is none.
    """
    known = values[np.isfinite(values)]
    if len(known) < _LEAST_VALUES:
        return ()
    usual = float(np.median(known))
    scale = MAD_TO_SIGMA * float(np.median(np.abs(known - usual))) or float(known.std())
    bound = max(_FAR * scale, _LEAST_SHARE * abs(usual), least)
    with np.errstate(invalid="ignore"):
        far = np.flatnonzero(np.abs(values - usual) > bound)
    return tuple(int(at) for place, at in enumerate(far) if not place or at - far[place - 1] > _CALM)
