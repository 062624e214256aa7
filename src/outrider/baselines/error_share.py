"""Whether more requests of a short time fail than usual."""

from __future__ import annotations

import math

_RARITY = math.log(1000)
_LEAST_ERRORS = 3
_LEAST_MORE = 0.02
_TIMES = 3.0


def is_excess(errors: int, count: int, usual: float) -> bool:
    """Return whether so many of `count` requests fail by chance less often than once in a thousand, and it matters.

    By Chernoff's bound on the binomial tail, exp(-n KL(share, usual)), which is above the exact probability.

    Args:
        errors: How many failed; fewer than three say nothing.
        count: How many there were.
        usual: The share that fails normally, above 0; what is below three times as much, or two points more, is usual.
    """
    if errors < _LEAST_ERRORS or errors > count:
        return False
    share = errors / count
    if share < max(_TIMES * usual, usual + _LEAST_MORE):
        return False
    divergence = share * math.log(share / usual)
    if share < 1:
        divergence += (1 - share) * math.log((1 - share) / (1 - usual))
    return count * divergence > _RARITY
