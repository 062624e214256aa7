"""What a series did before, by which a deviation is nothing new: a former level, or a habit of the week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.baselines.series import DAY_S
from outrider.baselines.statistics import sustained

if TYPE_CHECKING:
    from outrider.baselines.series import FloatArray

WEEK_S = 7 * DAY_S
_REMEMBERED_S = 28 * DAY_S
_MOST_LEVELS = 4
_MOST_HABITS = 32
SLACK_S = 3600  # by which a weekly habit may be early or late, as when clocks change
_LARGER = 0.3  # log units by which it may be larger than it was


@dataclass(frozen=True, slots=True)
class FormerLevel:
    """A level that was normal.

    Attributes:
        level: On the scale of the judge.
        until: UTC seconds of the first run that no longer had it.
    """

    level: float
    until: int


@dataclass(frozen=True, slots=True)
class Habit:
    """A deviation that came and went.

    Attributes:
        side: 1 above what was expected, -1 below.
        since: UTC seconds at which it began.
        until: UTC seconds at which it was seen to be over.
        size: Largest deviation of two runs in a row, in log units.
    """

    side: int
    since: int
    until: int
    size: float


def with_level(levels: tuple[FormerLevel, ...], fresh: FormerLevel) -> tuple[FormerLevel, ...]:
    """Return the latest levels of the last four weeks, with one more."""
    return (*(old for old in levels if fresh.until - old.until <= _REMEMBERED_S), fresh)[-_MOST_LEVELS:]


def with_habit(habits: tuple[Habit, ...], fresh: Habit) -> tuple[Habit, ...]:
    """Return the latest deviations of the last weeks, with one more."""
    recent = (old for old in habits if fresh.since - old.since <= _REMEMBERED_S + SLACK_S)
    return (*recent, fresh)[-_MOST_HABITS:]


def return_to(levels: tuple[FormerLevel, ...], level: float, latest: float, at: int) -> list[FormerLevel]:
    """Return the former levels to which the latest runs may have returned, the nearest first.

    Args:
        levels: That are remembered.
        level: That holds now.
        latest: Where the latest runs lie.
        at: UTC seconds of the latest run.
    """
    near = [
        former
        for former in levels
        if at - former.until <= _REMEMBERED_S and abs(latest - former.level) < abs(latest - level)
    ]
    return sorted(near, key=lambda former: abs(latest - former.level))


def peak(residual: FloatArray, side: int) -> float:
    """Return the largest deviation of two runs in a row, in the unit of the residuals."""
    pairs = sustained(side * residual, min(2, len(residual)))
    return float(pairs.max()) if len(pairs) else 0.0


def habitual_until(habits: tuple[Habit, ...], present: Habit) -> int | None:
    """Return until when a deviation is what this time of the week is known for; None if it is not.

    Args:
        habits: That are remembered.
        present: The deviation so far.
    """
    ends = []
    for habit in habits:
        weeks = round((present.until - habit.since) / WEEK_S)
        begin, end = habit.since + weeks * WEEK_S - SLACK_S, habit.until + weeks * WEEK_S + SLACK_S
        is_alike = habit.side == present.side and present.size <= habit.size + _LARGER
        if weeks >= 1 and is_alike and begin <= present.until <= end:
            ends.append(end)
    return max(ends, default=None)
