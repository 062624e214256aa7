"""What a series did before, by which a deviation is nothing new: a former level, or a habit of the week."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
MORE = 1.5  # times the evidence that there was are more than a habit
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
        share: Strongest evidence of any part, as a share of its limit.
    """

    side: int
    since: int
    until: int
    size: float
    share: float


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


def same_habit(habits: tuple[Habit, ...], present: Habit) -> Habit | None:
    """Return what this time of the week is known for, moved to this week; None if the present deviation is news.

    Args:
        habits: That are remembered.
        present: The deviation so far.
    """
    alike = []
    for habit in habits:
        shift = round((present.until - habit.since) / WEEK_S) * WEEK_S
        moved = replace(habit, since=habit.since + shift - SLACK_S, until=habit.until + shift + SLACK_S)
        is_no_more = present.size <= habit.size + _LARGER and present.share <= MORE * habit.share
        is_alike = habit.side == present.side and is_no_more
        if shift and is_alike and moved.since <= present.until <= moved.until:
            alike.append(moved)
    return max(alike, key=lambda habit: habit.until, default=None)
