"""The levels of a load: stretches with the same number of users, and how the target did at each. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from outrider.model import altogether

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import LoadInterval

_SETTLING = 0.25
"""The share at the beginning of a level that does not count: users start, connections open."""


@dataclass(frozen=True, slots=True)
class Level:
    """How the target did with so many users; response times in ms, None without requests.

    Attributes:
        requests_per_s: Requests that succeeded: errors are not throughput.
    """

    users: int
    seconds: float
    requests_per_s: float
    p50_ms: float | None
    p95_ms: float | None
    failure_share: float


def levels(intervals: Sequence[LoadInterval], *, shortest_s: float = 2.0) -> tuple[Level, ...]:
    """Return the levels of a load in their order; those that lasted shorter than `shortest_s` are passed over."""
    settled_levels = []
    for users, group in groupby(intervals, key=lambda interval: interval.users):
        stretch = list(group)
        settled = stretch[int(len(stretch) * _SETTLING + 0.5) :]
        seconds = sum(interval.length_s for interval in settled)
        if users and seconds >= shortest_s:
            total = altogether(part for interval in settled for part in interval.endpoints)
            times = total.times
            settled_levels.append(
                Level(
                    users, seconds, total.succeeded.total / seconds, times.quantile(0.5), times.quantile(0.95),
                    total.failure_share,
                )
            )  # fmt: skip
    return tuple(settled_levels)
