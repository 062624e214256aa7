"""Which of many services a problem comes from: one that deviates when it shows, and calls nothing as deviant. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from outrider.baselines import robust_deviations

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from outrider.baselines import FloatArray

_BAD: Final = 2.0
"""Robust standard deviations from which on a period of the affected service counts as bad."""

_LEAST: Final = 6.0
"""A suspect that stands out deviates so much more than all that it calls; measured in docs/detection.md."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A service's values by period, greater for worse, such as mean durations or shares that fail.

    Attributes:
        usual: Before, shape (n,); NaN where nothing was measured.
        lately: Of the same periods for all services, shape (m,), likewise.
        least_sigma: What a usual move is at least, see `robust_deviations`.
    """

    usual: FloatArray
    lately: FloatArray
    least_sigma: float


@dataclass(frozen=True, slots=True)
class Suspect:
    """A service, or what services call, that a problem may come from.

    Attributes:
        deviation: By how many robust standard deviations it is worse than usual while the problem shows.
        score: By how many more than the worst of what it calls.
        stands_out: Whether that is more than what is seen now and then where nothing is wrong.
    """

    name: str
    deviation: float
    score: float
    stands_out: bool


def rank_suspects(
    observed: Mapping[str, Observed], calls: Mapping[str, Collection[str]], affected: str
) -> tuple[Suspect, ...]:
    """Return what a service depends on, itself included, the likeliest root first; ties by name.

    Compared are the periods in which the affected service is worse than usual. Who calls somebody as deviant suffers
    from that. What nothing was measured of is looked through: what it calls counts as called by its callers. A cycle is
    walked once.

    Args:
        observed: By name.
        calls: Whom each calls, by name.
        affected: Where the problem shows.

    Returns:
        Nothing where the affected service itself is not known.
    """
    reached = _reachable(calls, affected)
    by_period = {
        name: robust_deviations(own.usual, own.lately, least_sigma=own.least_sigma)
        for name, own in observed.items()
        if name in reached
    }
    own = by_period.get(affected)
    if own is None or not np.isfinite(own).any():
        return ()
    shows = bool(np.nanmax(own) >= _BAD)
    is_bad = own >= _BAD if shows else own == np.nanmax(own)
    means = {name: _mean(values[is_bad]) for name, values in by_period.items()}
    known = {name: deviation for name, deviation in means.items() if not math.isnan(deviation)}
    scores = {name: deviation - max(_of_callees(name, calls, known), default=0.0) for name, deviation in known.items()}
    suspects = [Suspect(name, known[name], score, shows and score >= _LEAST) for name, score in scores.items()]
    return tuple(sorted(suspects, key=lambda suspect: (-suspect.score, suspect.name)))


def _mean(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def _reachable(calls: Mapping[str, Collection[str]], start: str) -> set[str]:
    reached, ahead = {start}, [start]
    while ahead:
        fresh = set(calls.get(ahead.pop(), ())) - reached
        reached |= fresh
        ahead += fresh
    return reached


def _of_callees(name: str, calls: Mapping[str, Collection[str]], known: Mapping[str, float]) -> Iterator[float]:
    """Yield the deviations of those whom a service calls, none below 0, through whom nothing is known of."""
    seen, ahead = {name}, [name]
    while ahead:
        for callee in set(calls.get(ahead.pop(), ())) - seen:
            seen.add(callee)
            if callee in known:
                yield max(known[callee], 0.0)
            else:
                ahead.append(callee)
