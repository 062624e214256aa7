"""How often a gate fails a candidate that is the base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.baselines.comparison import Verdict, compare

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike


def false_fail_rate(
    base: Sequence[ArrayLike],
    candidate: Sequence[ArrayLike],
    rng: np.random.Generator,
    *,
    margin: float = 0.02,
    trials: int = 200,
) -> float:
    """Return the share of false fails on sessions of one and the same system.

    Args:
        base: Sessions of the system, as for `compare`.
        candidate: Sessions of the very same system, interleaved with them.
        rng: Source of randomness.
        margin: As for `compare`.
        trials: How often the sides are dealt anew.

    Where nothing differs, the two sides of a session may be swapped; each trial does so by the toss of a coin.
    """
    fails = 0
    for _ in range(trials):
        swapped = rng.random(len(base)) < 0.5
        left = [c if swap else b for b, c, swap in zip(base, candidate, swapped, strict=True)]
        right = [b if swap else c for b, c, swap in zip(base, candidate, swapped, strict=True)]
        fails += compare(left, right, margin=margin).verdict is Verdict.FAIL
    return fails / trials
