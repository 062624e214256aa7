"""Runs by hour or day as the slots of a strip. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from outrider.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrider.model import PeriodCount

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
HOURS, DAYS = 24, 90
AHEAD_US = 60_000_000
"""How far in the future a run may be due and still count: clocks differ."""
_FIELDS = ("good", "failed", "unclear", "absent")
_FIELD_OF = {
    Outcome.PASSED: 0,
    Outcome.PASSED_ON_RETRY: 0,
    Outcome.FAILED: 1,
    Outcome.INCONCLUSIVE: 2,
    Outcome.SETUP_ERROR: 2,
    Outcome.SKIPPED: 3,
    Outcome.MISSED: 3,
}
"""Place of an outcome among the fields."""


class Slot(NamedTuple):
    """An hour or a UTC day: how many runs were good, failed, said nothing of the target, and did not happen.

    Attributes:
        at_us: When it begins, microseconds UTC.
    """

    at_us: int
    good: int = 0
    failed: int = 0
    unclear: int = 0
    absent: int = 0

    @property
    def tone(self) -> str:
        """Its colour: good, warn (some runs failed), bad (most did), gap (nothing was learnt) or none."""
        conclusive = self.good + self.failed
        if not conclusive:
            return "gap" if self.unclear or self.absent else "none"
        if not self.failed:
            return "good"
        return "bad" if self.failed * 2 >= conclusive else "warn"


def slots_of(counts: Iterable[PeriodCount], first_us: int, width_us: int, number: int) -> tuple[Slot, ...]:
    """Return `number` slots from `first_us` on; counts outside of them are left out."""
    fields = [[0] * len(_FIELDS) for _ in range(number)]
    for count in counts:
        place = (count.at_us - first_us) // width_us
        if 0 <= place < number:
            fields[place][_FIELD_OF[count.outcome]] += count.runs
    return tuple(Slot(first_us + place * width_us, *values) for place, values in enumerate(fields))


def availability(slots: Sequence[Slot]) -> float | None:
    """Return the share of conclusive runs that were good, 0 to 1; None without any."""
    good, failed = sum(slot.good for slot in slots), sum(slot.failed for slot in slots)
    return good / (good + failed) if good + failed else None


def coverage(slots: Sequence[Slot]) -> float | None:
    """Return the share of due runs that happened, 0 to 1; None if none was due."""
    due = sum(slot.good + slot.failed + slot.unclear + slot.absent for slot in slots)
    return 1 - sum(slot.absent for slot in slots) / due if due else None
