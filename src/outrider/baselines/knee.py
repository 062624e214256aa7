"""Where more users bring no more answers: the rate at saturation, from a load that went up step by step.

No form of the curve is right for every target: a pool of workers bends sharply, a queue softly, and contention makes
the rate fall again. So several forms are compared by their evidence, and the rate is averaged over all curves of all
forms, each weighing as much as the levels speak for it (J. Hoeting et al. 1999, doi:10.1214/ss/1009212519).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.throughput_curves import Form, forms
from outrider.model import BadSeries, TooFewSamples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.baselines.series import FloatArray

FEWEST_LEVELS = 5
_FLAT = 0.05
_NEAR = float(np.log(0.95))  # of the rate at saturation: nearer than that, the load has reached it
_LEAST_NOISE = 0.001  # of a level's rate; keeps a perfect fit finite
_DRAWS = 4000
_INTERVAL = (10.0, 50.0, 90.0)


@dataclass(frozen=True, slots=True)
class Knee:
    """The rate that a target sustains.

    Attributes:
        rate: Requests a second at saturation; at the most users that were tried, if they did not come near it.
        low, high: An 80 % interval of it.
        users: Where the curve bends, or peaks.
        reached: Whether the load went far enough to see it: to 95 % of that rate, or until more users brought no more.
        form: The form that the levels speak for most.
    """

    rate: float
    low: float
    high: float
    users: float
    reached: bool
    form: str = ""


@dataclass(frozen=True, slots=True)
class _Fit:
    """All curves of a form, each at its best scale.

    Attributes:
        log_evidence: Of each curve, its share of the form's prior included.
        log_peak: The logarithm of the rate at saturation.
        log_end: The same at the most users that were tried.
        scale: Error of both.
    """

    form: Form
    log_evidence: FloatArray
    log_peak: FloatArray
    log_end: FloatArray
    scale: FloatArray


def find_knee(
    users: Sequence[float], rates: Sequence[float], random: np.random.Generator, *, is_stopped: bool = False
) -> Knee:
    """Return the rate at saturation, from the rate at each level of a load.

    Args:
        users: Of each level, shape (n,), n >= 5, at least 1.
        rates: Requests a second, shape (n,), above zero.
        random: For the interval: it is taken of draws from all curves.
        is_stopped: Whether the load ended since more users brought no more.

    Raises:
        TooFewSamples: If there are fewer than five levels.
        BadSeries: If a number is not as said.
    """
    n, x = np.asarray(users, dtype=np.float64), np.asarray(rates, dtype=np.float64)
    if len(n) < FEWEST_LEVELS:
        fix = "let the load go through more numbers of users"
        raise TooFewSamples(f"{len(n)} levels of load show no knee", slug="too-few-levels", fix=fix)
    if len(n) != len(x) or not (np.isfinite(x).all() and np.isfinite(n).all() and (x > 0).all() and (n >= 1).all()):
        raise BadSeries("levels of a load need users and rates above zero", slug="bad-levels")
    order = np.argsort(n, kind="stable")
    return _averaged(_fits(tuple(n[order].tolist()), np.log(x[order])), random, is_stopped or is_saturated(rates))


def is_saturated(rates: Sequence[float]) -> bool:
    """Return whether the last two levels of a load brought no more than the best before them."""
    return len(rates) > FEWEST_LEVELS and max(rates[-2:]) < (1 + _FLAT) * max(rates[:-2])


@lru_cache(maxsize=8)
def _forms(users: tuple[float, ...]) -> tuple[Form, ...]:
    return forms(np.array(users))


def _fits(users: tuple[float, ...], log_rates: FloatArray) -> list[_Fit]:
    """Return the evidence for each curve: scale and noise are integrated out under flat priors of their logarithms."""
    fits = []
    for form in _forms(users):
        distance = log_rates - form.log_rate
        offset = distance.mean(axis=1)
        squares = ((distance - offset[:, np.newaxis]) ** 2).sum(axis=1) + len(users) * _LEAST_NOISE**2
        freedom = len(users) - 1
        evidence = -freedom / 2 * np.log(squares) - np.log(len(squares))
        scale = np.sqrt(squares / freedom / len(users))
        fits.append(_Fit(form, evidence, offset + form.log_peak, offset + form.log_rate[:, -1], scale))
    return fits


def _averaged(fits: Sequence[_Fit], random: np.random.Generator, is_flat: bool) -> Knee:
    evidence = np.concatenate([fit.log_evidence for fit in fits])
    weight = np.exp(evidence - evidence.max())
    weight /= weight.sum()
    log_peak, log_end, scale, bend = (
        np.concatenate(arrays)
        for arrays in zip(*((fit.log_peak, fit.log_end, fit.scale, fit.form.users) for fit in fits), strict=True)
    )
    best = np.concatenate([fit.form.log_rate.max(axis=1) - fit.form.log_peak for fit in fits])
    is_near = bool(weight[best >= _NEAR].sum() >= 0.5)
    curve = random.choice(len(weight), _DRAWS, p=weight)
    freedom = fits[0].form.log_rate.shape[1] - 1
    log_rate = (log_peak if is_near else log_end)[curve] + scale[curve] * random.standard_t(freedom, _DRAWS)
    low, rate, high = np.exp(np.percentile(log_rate, _INTERVAL))
    by_form = np.split(weight, np.cumsum([len(fit.log_peak) for fit in fits])[:-1])
    likely = fits[int(np.argmax([part.sum() for part in by_form]))].form.name
    users = float(np.exp(weight @ np.log(bend)))
    return Knee(float(rate), float(low), float(high), users, is_near or is_flat, likely)
