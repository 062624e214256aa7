"""Forms that the rate of a target may take over the number of its users, as curves on a grid of their parameters.

A curve is known up to its scale, which is fitted: its logarithm at each level, and at saturation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from outrider.baselines.series import FloatArray

_RATIO = 1.0125  # between neighbouring numbers of users at which a curve bends
_MOST_STATES = 400  # of a station; more are sampled, since their weights change slowly
_CONTENTION = np.concatenate([[0.0], np.geomspace(0.002, 0.95, 110)])
_SERVERS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256)
_THINKING = np.geomspace(0.05, 30.0, 200)  # think time over service time


@dataclass(frozen=True, slots=True)
class Form:
    """Curves of one form.

    Attributes:
        name: Of the form.
        log_rate: Of each curve at each level, shape (curves, levels).
        log_peak: At saturation, or at the peak, shape (curves,).
        users: Where it bends: of the peak, or where the bounds of few and of many users meet, shape (curves,).
    """

    name: str
    log_rate: FloatArray
    log_peak: FloatArray
    users: FloatArray


def forms(users: FloatArray) -> tuple[Form, ...]:
    """Return the curves of all forms at these numbers of users, ascending, at least one."""
    return scalability_law(users), hard_capacity(users), bounds(users), closed_network(users)


def scalability_law(users: FloatArray) -> Form:
    """Return N / (1 + a(N - 1) + bN(N - 1)), which peaks at N* = sqrt((1 - a) / b) (N. J. Gunther 2007)."""
    peaks = np.geomspace(1.5, 3 * users[-1], _count(1.5, 3 * users[-1]))
    contention, peak = (axis.ravel() for axis in np.meshgrid(_CONTENTION, peaks))
    coherency = (1 - contention) / peak**2
    return Form(
        "scalability law", _law(users[np.newaxis], contention[:, np.newaxis], coherency[:, np.newaxis]),
        _law(peak, contention, coherency), peak,
    )  # fmt: skip


def hard_capacity(users: FloatArray) -> Form:
    """Return min(N, c): c servers, and users who never wait for anything else."""
    steps = np.geomspace(1, 2 * users[-1], _count(1, 2 * users[-1]))
    servers = np.unique(np.round(steps).astype(np.float64))
    return _bounded("hard capacity", users, servers)


def bounds(users: FloatArray) -> Form:
    """Return min(N, N*): the asymptotic bounds of a closed network (P. J. Denning and J. P. Buzen 1978)."""
    return _bounded("bounds", users, np.geomspace(1, 2 * users[-1], _count(1, 2 * users[-1])))


def closed_network(users: FloatArray) -> Form:
    """Return the exact rate of N users who think, then queue for one of c servers, both times exponential."""
    servers = np.array([count for count in _SERVERS if count <= 2 * users[-1]], dtype=np.float64)
    count, thinking = (axis.ravel() for axis in np.meshgrid(servers, _THINKING))
    log_rate = np.column_stack([_network(int(level), count, thinking) for level in users])
    return Form("closed network", log_rate, np.log(count), count * (1 + thinking))


def _bounded(name: str, users: FloatArray, bend: FloatArray) -> Form:
    return Form(name, np.log(np.minimum(users[np.newaxis], bend[:, np.newaxis])), np.log(bend), bend)


def _law(users: FloatArray, contention: FloatArray, coherency: FloatArray) -> FloatArray:
    return np.asarray(np.log(users) - np.log(1 + contention * (users - 1) + coherency * users * (users - 1)))


def _network(users: int, servers: FloatArray, thinking: FloatArray) -> FloatArray:
    """Return log of the mean number of busy servers, by the product form over the number j at the servers."""
    from scipy.special import gammaln, logsumexp  # noqa: PLC0415 - half a second that most commands do not need

    j = np.unique(np.linspace(0, users, min(users + 1, _MOST_STATES)).round())[np.newaxis]
    width = np.gradient(j[0])[np.newaxis] if j.size > 1 else np.ones((1, 1))
    c = servers[:, np.newaxis]
    work = np.where(j <= c, gammaln(j + 1), gammaln(c + 1) + (j - c) * np.log(c))  # log of the product of min(i, c)
    weight = -gammaln(users - j + 1) - j * np.log(thinking[:, np.newaxis]) - work + np.log(width)
    busy = np.log(np.maximum(np.minimum(j, c), 1e-300))
    return np.asarray(logsumexp(weight + busy, axis=1) - logsumexp(weight, axis=1))


def _count(first: float, last: float) -> int:
    return max(2, int(np.ceil(np.log(last / first) / np.log(_RATIO))) + 1)
