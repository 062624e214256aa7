"""The mean difference between two sides that were measured in paired sessions, and how far it may be trusted.

Values are logarithms. A *cell* is one side of one session. A few values that are far off, mostly slow ones, must not
decide: locations are Huber's M-estimates (Robust Statistics, 1981).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.location import MAD_TO_SIGMA, group_medians

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from outrider.baselines.series import FloatArray

_HETEROGENEOUS = 0.01  # level of the F test that finds sessions to differ by more than their samples explain
_HUBER_K = 1.345  # 95 % efficient on Gaussian values
_POOLED_K = 1.8  # clip of the pooled fit: many values bear less efficiency lost to the clip than five do
_BETWEEN = 1 / 3  # weight of the variance between sessions beside the one within, which has more degrees of freedom
_STEPS = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean log ratio over paired sessions with its standard error and degrees of freedom."""

    log_ratio: float
    error: float
    freedom: float
    sessions: int
    samples: int


@dataclass(frozen=True, slots=True)
class _Cells:
    """Values of all cells one after another; cell 2i is the base of session i, cell 2i + 1 its candidate."""

    values: FloatArray
    cell: NDArray[np.intp]
    counts: FloatArray

    @property
    def freedom(self) -> int:
        """Degrees of freedom within cells."""
        return len(self.values) - len(self.counts)

    def means(self, values: FloatArray) -> FloatArray:
        """Return the mean of each cell."""
        return np.asarray(np.bincount(self.cell, values, len(self.counts)) / self.counts, dtype=np.float64)

    def medians(self) -> FloatArray:
        """Return the median of each cell."""
        return group_medians(self.values, self.cell)[1]

    def variance_of_shifts(self, variance: float) -> float:
        """Return the variance of a session's difference, from that of one value."""
        return variance * float(np.mean((1 / self.counts).reshape(-1, 2).sum(axis=1)))


@dataclass(frozen=True, slots=True)
class _Shifts:
    """The difference of each session, and its variance as the samples within the session explain it."""

    values: FloatArray
    within: float

    @property
    def between(self) -> float:
        """The variance between sessions."""
        return float(self.values.var(ddof=1))


def difference(pairs: Sequence[tuple[FloatArray, FloatArray]]) -> Difference:
    """Return the mean over sessions of the difference of locations.

    The variance between sessions has few degrees of freedom, the one within them many, so a weighted mean is used (a
    moderated variance after Smyth 2004, doi:10.2202/1544-6115.1027), unless an F test finds that sessions differ by
    more than their samples explain: then sessions alone count.

    Args:
        pairs: Of each session base and candidate, at least one value each; at least two sessions.
    """
    cells, count = _cells(pairs), len(pairs)
    sigma = _scale(cells)
    shifts = _shifts_by_session(cells, sigma)
    if sigma <= 0 or _is_heterogeneous(shifts, count - 1, cells.freedom):
        variance, freedom = shifts.between, float(count - 1)
    else:
        shifts = _pooled_shifts(cells, sigma, float(shifts.values.mean()))
        variance, freedom = _moderate(shifts, count - 1, cells.freedom)
    return Difference(float(shifts.values.mean()), math.sqrt(variance / count), freedom, count, len(cells.values))


def _cells(pairs: Sequence[tuple[FloatArray, FloatArray]]) -> _Cells:
    sides = [side for pair in pairs for side in pair]
    counts = np.array([len(side) for side in sides])
    return _Cells(np.concatenate(sides), np.repeat(np.arange(len(sides)), counts), counts.astype(np.float64))


def _scale(cells: _Cells) -> float:
    """Return the scale of one value within its cell; 0 if there are too few to know it."""
    if cells.freedom < len(cells.counts) / 2:
        return 0.0
    residuals = cells.values - cells.medians()[cells.cell]
    return float(np.median(np.abs(residuals))) * MAD_TO_SIGMA * len(cells.values) / cells.freedom


def _shifts_by_session(cells: _Cells, sigma: float) -> _Shifts:
    """Return the differences with a location of its own for each cell; with no scale it is the median."""
    center = cells.medians()
    if sigma <= 0:
        return _Shifts(center[1::2] - center[::2], 0.0)
    for _ in range(_STEPS):
        score = (cells.values - center[cells.cell]) / sigma
        inside = np.maximum(cells.means((np.abs(score) <= _HUBER_K).astype(np.float64)), 1 / cells.counts)
        move = np.clip(cells.means(np.clip(score, -_HUBER_K, _HUBER_K)) * sigma / inside, -sigma, sigma)
        center = center + move
        if float(np.abs(move).max()) < 1e-9 * sigma:
            break
    score = (cells.values - center[cells.cell]) / sigma
    inside_all = max(float(np.mean(np.abs(score) <= _HUBER_K)), 0.1)
    variance = float(np.sum(np.clip(score, -_HUBER_K, _HUBER_K) ** 2)) / cells.freedom * (sigma / inside_all) ** 2
    return _Shifts(center[1::2] - center[::2], cells.variance_of_shifts(variance))


def _pooled_shifts(cells: _Cells, sigma: float, shift: float) -> _Shifts:
    """Return the differences of pseudo-values from one fit to all sessions: a level of each, and a shift of all.

    A location of five values alone wastes a tenth of what they know; here the levels rest on both sides, and the
    weight of a clipped value on all of them. Pseudo-values (P. J. Huber 1981, section 7.10) are the fit plus the
    clipped residuals; their means and variances are the ordinary ones.
    """
    sign = np.where(cells.cell % 2 == 1, 0.5, -0.5)
    session = cells.cell // 2
    level = cells.medians().reshape(-1, 2).mean(axis=1)
    for _ in range(_STEPS):
        clipped, inside = _clipped(cells.values - level[session] - shift * sign, sigma)
        by_cell = cells.means(clipped).reshape(-1, 2)
        move = by_cell.mean(axis=1) / inside
        step = float((by_cell[:, 1] - by_cell[:, 0]).mean()) / inside
        level, shift = level + move, shift + step
        if max(float(np.abs(move).max()), abs(step)) < 1e-6 * sigma:
            break
    fit = level[session] + shift * sign
    clipped, inside = _clipped(cells.values - fit, sigma)
    pseudo = fit + clipped / inside
    means = cells.means(pseudo)
    variance = float(np.sum((pseudo - means[cells.cell]) ** 2)) / cells.freedom
    return _Shifts(means[1::2] - means[::2], cells.variance_of_shifts(variance))


def _clipped(residuals: FloatArray, sigma: float) -> tuple[FloatArray, float]:
    """Return residuals clipped at so many scales, and the share that was not."""
    limit = _POOLED_K * sigma
    inside = max(float(np.mean(np.abs(residuals) <= limit)), 0.1)
    return np.clip(residuals, -limit, limit), inside


def _is_heterogeneous(shifts: _Shifts, outer: int, inner: int) -> bool:
    from scipy.special import fdtri  # noqa: PLC0415 - only where used, and far quicker than scipy.stats

    return inner < outer or shifts.between > shifts.within * float(fdtri(outer, max(inner, 1), 1 - _HETEROGENEOUS))


def _moderate(shifts: _Shifts, outer: int, inner: int) -> tuple[float, float]:
    """Return the weighted variance of a session's difference, and its degrees of freedom (Satterthwaite 1946)."""
    between, within = _BETWEEN * shifts.between, (1 - _BETWEEN) * shifts.within
    spread = between**2 / outer + within**2 / inner
    return between + within, ((between + within) ** 2 / spread if spread > 0 else float(outer))
