"""Base against candidate: is the candidate slower by more than a margin?

Base and candidate are measured in sessions that are paired in time, so that what slows a whole session (a busy host, a
cold cache) slows both sides and cancels. A verdict needs effect AND evidence:

    fail          the lower 95 % bound of the ratio lies above 1 + margin
    pass          the upper 80 % bound of the ratio lies below 1 + margin
    inconclusive  anything else

The two errors do not cost the same. A pass says that a slowdown beyond the margin is unlikely, not that there is none;
`docs/detection.md` gives the measured rates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.session_difference import Difference, difference
from outrider.model import BadSeries, per_cent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from outrider.baselines.series import FloatArray

FAIL_LEVEL = 0.05
PASS_LEVEL = 0.20
MIN_SESSIONS = 4


class Verdict(StrEnum):
    """What a gate may say."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Candidate over base, as a ratio with its bounds.

    Attributes:
        ratio: Candidate over base; NaN where it cannot be known.
        low: Lower bound that a fail compares with the margin.
        high: Upper bound that a pass compares with the margin.
        samples: Samples used, both sides together.
        sessions: Paired sessions used.
        p_value: One-sided evidence that the ratio exceeds 1 + margin.
        reason: One sentence for people.
    """

    verdict: Verdict
    ratio: float
    low: float
    high: float
    samples: int
    sessions: int
    p_value: float
    reason: str


def compare(
    base: Sequence[ArrayLike],
    candidate: Sequence[ArrayLike],
    *,
    margin: float = 0.02,
    fail_level: float = FAIL_LEVEL,
    pass_level: float = PASS_LEVEL,
) -> Comparison:
    """Compare durations measured in sessions paired in time.

    Args:
        base: One 1-d array [ms] a session; NaN stands for a run without a sample.
        candidate: As `base`; session i ran interleaved with base session i.
        margin: Slowdown that is tolerated, as a share (0.02 is 2 %).
        fail_level: One-sided level of the bound that fails.
        pass_level: One-sided level of the bound that passes.

    Raises:
        BadSeries: If values are infinite, zero or negative, or the sides have different numbers of sessions.
    """
    if not (math.isfinite(margin) and margin >= 0):
        raise BadSeries(f"margin = {margin} is no share", slug="bad-margin", fix="write 0.02 for 2 %")
    pairs = _log_pairs(base, candidate)
    samples = sum(len(left) + len(right) for left, right in pairs)
    if len(pairs) < MIN_SESSIONS:
        wanted = f"{len(pairs)} of at least {MIN_SESSIONS} sessions with samples on both sides"
        return unknown(samples, len(pairs), wanted)
    return judge_difference(difference(pairs), margin=margin, fail_level=fail_level, pass_level=pass_level)


def unknown(samples: int, sessions: int, reason: str) -> Comparison:
    """Return a comparison without a verdict, and why."""
    return Comparison(Verdict.INCONCLUSIVE, math.nan, 0.0, math.inf, samples, sessions, 1.0, reason)


def judge_difference(measured: Difference, *, margin: float, fail_level: float, pass_level: float) -> Comparison:
    """Return the verdict on a measured difference."""
    from scipy.special import stdtr, stdtrit  # noqa: PLC0415 - only where used, and far quicker than scipy.stats

    limit, wide = math.log1p(margin), max(measured.error, 1e-12)
    low = measured.log_ratio + float(stdtrit(measured.freedom, fail_level)) * wide
    high = measured.log_ratio - float(stdtrit(measured.freedom, pass_level)) * wide
    p_value = float(stdtr(measured.freedom, -(measured.log_ratio - limit) / wide))
    verdict = Verdict.FAIL if low > limit else Verdict.PASS if high < limit else Verdict.INCONCLUSIVE
    result = Comparison(
        verdict,
        math.exp(measured.log_ratio),
        math.exp(low),
        math.exp(high),
        measured.samples,
        measured.sessions,
        p_value,
        "",
    )
    return replace(result, reason=_reason(result, margin))


def _reason(result: Comparison, margin: float) -> str:
    ratio, low, high = (per_cent(bound - 1, "+.1f") for bound in (result.ratio, result.low, result.high))
    seen = f"candidate takes {ratio} ({low} to {high})"
    match result.verdict:
        case Verdict.FAIL:
            return f"{seen}: slower by more than the margin of {per_cent(margin)}"
        case Verdict.PASS:
            return f"{seen}: a slowdown beyond the margin of {per_cent(margin)} is unlikely"
        case _:
            return f"{seen}: the interval holds the margin of {per_cent(margin)}, take more sessions"


def _log_pairs(base: Sequence[ArrayLike], candidate: Sequence[ArrayLike]) -> list[tuple[FloatArray, FloatArray]]:
    if len(base) != len(candidate):
        raise BadSeries(
            f"{len(base)} sessions of the base against {len(candidate)} of the candidate",
            slug="unpaired-sessions",
            fix="sessions are paired in time: hand in as many of one as of the other",
        )
    pairs = [(_log_session(left), _log_session(right)) for left, right in zip(base, candidate, strict=True)]
    return [(left, right) for left, right in pairs if len(left) and len(right)]


def _log_session(values: ArrayLike) -> FloatArray:
    durations = np.asarray(values, dtype=np.float64)
    if durations.ndim != 1:
        raise BadSeries(f"a session has shape {durations.shape}", slug="bad-shape", fix="one 1-d array a session")
    durations = durations[~np.isnan(durations)]
    if not (np.isfinite(durations) & (durations > 0)).all():
        raise BadSeries(
            "a session holds durations that are infinite, zero or negative",
            slug="bad-duration-value",
            fix="a run without a sample is NaN",
        )
    return np.log(durations)
