"""Whether more requests of a short time fail than usual."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from outrider.baselines.series import BoolArray

_RARITY = math.log(1000)
_LEAST_ERRORS = 3
_LEAST_MORE = 0.02
_TIMES = 3.0


def is_excess(errors: int, count: int, usual: float) -> bool:
    """Return whether so many of `count` requests fail by chance less often than once in a thousand, and it matters."""
    return bool(excesses(errors, count, usual))


def excesses(errors: ArrayLike, count: ArrayLike, usual: ArrayLike) -> BoolArray:
    """Return it for many at once, broadcast.

    By Chernoff's bound on the binomial tail, exp(-n KL(share, usual)), which is above the exact probability.

    Args:
        errors: How many failed; fewer than three say nothing.
        count: How many there were.
        usual: The share that fails normally, above 0; what is below three times as much, or two points more, is usual.
    """
    failed, total, expected = (np.asarray(values, dtype=float) for values in (errors, count, usual))
    share = np.clip(failed / np.maximum(total, 1), 0, 1)
    tiny = np.finfo(float).tiny
    rest = 1 - share
    divergence = share * np.log(np.maximum(share, tiny) / np.maximum(expected, tiny))
    divergence += rest * np.log(np.maximum(rest, tiny) / np.maximum(1 - expected, tiny))
    matters = (failed >= _LEAST_ERRORS) & (failed <= total)
    matters &= share >= np.maximum(_TIMES * expected, expected + _LEAST_MORE)
    return np.asarray(matters & (total * divergence > _RARITY), dtype=bool)
