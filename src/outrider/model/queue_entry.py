"""What a scheduler keeps: runs that are due, who leads, what is paused, and coverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.model.identity import RunId
    from outrider.model.subject import CheckId


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A run that is due and not stored yet.

    Attributes:
        due_us: Microseconds UTC.
        priority: Higher ones begin first.
        origin: "schedule", or who asked for it.
    """

    run: RunId
    check: CheckId
    location: str
    due_us: int
    priority: int = 0
    origin: str = "schedule"


@dataclass(frozen=True, slots=True)
class Leadership:
    """Who leads.

    Attributes:
        holder: Names a process; empty if it said goodbye.
        beat: Counts up while it lives.
        at_us: When it beat last, by its own clock.
        planned_until_us: Everything due until then was put into the queue, or recorded as missed.
        era: Counts how often the clock was set back.
    """

    holder: str
    beat: int
    at_us: int
    planned_until_us: int
    era: int


@dataclass(frozen=True, slots=True)
class Pause:
    """A check that makes no runs."""

    check: CheckId
    since_us: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many runs of a check were due in a place, and how many of them happened."""

    check: CheckId
    environment: str
    location: str
    due: int
    happened: int

    @property
    def share(self) -> float:
        """From 0 to 1; whole where nothing was due."""
        return self.happened / self.due if self.due else 1.0
