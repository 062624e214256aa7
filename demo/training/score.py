"""What a game's events are worth: pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

WRONG_ANSWERS: Final = 3
"""With so many the game is lost: there are twelve causes, and guessing is no skill."""
_HINT, _WRONG, _NOT_ACKNOWLEDGED, _MINUTE, _FREE_MINUTES, _MOST_FOR_TIME = 10, 15, 10, 1, 5, 20
_SECOND_US: Final = 1_000_000


class Kind(StrEnum):
    """What happens in a game."""

    STARTED = "started"
    BROKEN = "broken"
    DETECTED = "detected"
    ACKNOWLEDGED = "acknowledged"
    HINT = "hint"
    WRONG = "wrong answer"
    FOUND = "cause found"
    TIME_OVER = "time over"
    INTERRUPTED = "interrupted"
    HEALED = "healed"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, microseconds UTC."""

    at_us: int
    kind: Kind
    note: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """How a team did.

    Attributes:
        detect_s: Seconds from the fault to the first incident that opened; None if none did. So much for the product.
        acknowledge_s: To the first incident that somebody acknowledged.
        cause_s: To the right answer.
        points: Of 100; none without the right answer.
    """

    detect_s: float | None
    acknowledge_s: float | None
    cause_s: float | None
    hints: int
    wrong: int
    points: int

    @property
    def passed(self) -> bool:
        """Whether the cause was found."""
        return self.cause_s is not None


def score_of(events: Sequence[Event]) -> Score:
    """Return the score of a game.

    Of 100 points a hint takes 10, a wrong answer 15, that nobody acknowledged an incident 10, and each whole minute
    beyond the fifth one, 20 at most.
    """
    detect_s, acknowledge_s, cause_s = (
        _after_s(events, kind) for kind in (Kind.DETECTED, Kind.ACKNOWLEDGED, Kind.FOUND)
    )
    hints, wrong = (sum(event.kind is kind for event in events) for kind in (Kind.HINT, Kind.WRONG))
    points = 0
    if cause_s is not None:
        late = min(_MOST_FOR_TIME, _MINUTE * max(0, int(cause_s // 60) - _FREE_MINUTES))
        points = 100 - _HINT * hints - _WRONG * wrong - late - (_NOT_ACKNOWLEDGED if acknowledge_s is None else 0)
    return Score(detect_s, acknowledge_s, cause_s, hints, wrong, points)


def _after_s(events: Sequence[Event], kind: Kind) -> float | None:
    """Return how long after the fault something happened first."""
    began_us = next((event.at_us for event in events if event.kind is Kind.BROKEN), None)
    at_us = next((event.at_us for event in events if event.kind is kind), None)
    return None if began_us is None or at_us is None else (at_us - began_us) / _SECOND_US


def is_over(events: Sequence[Event]) -> bool:
    """Return whether the cause is found, or answers or time are used up."""
    kinds = [event.kind for event in events]
    ends = (Kind.FOUND, Kind.TIME_OVER, Kind.INTERRUPTED, Kind.HEALED)
    return any(kind in kinds for kind in ends) or kinds.count(Kind.WRONG) >= WRONG_ANSWERS


def clock(seconds: float | None) -> str:
    """Return seconds as minutes and seconds, such as 2:05."""
    return "—" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02}"
