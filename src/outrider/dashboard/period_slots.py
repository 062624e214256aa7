"""Runs by hour or day as the slots of a strip. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from outrider.model import PeriodCount

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
HOURS, DAYS = 24, 90
_ABSENT = (Outcome.SKIPPED, Outcome.MISSED)


@dataclass(frozen=True, slots=True)
class Slot:
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
    by_slot: Mapping[int, Counter[Outcome]] = defaultdict(Counter)
    for count in counts:
        by_slot[count.at_us][count.outcome] += count.runs
    return tuple(_slot(at_us, by_slot[at_us]) for at_us in range(first_us, first_us + number * width_us, width_us))


def _slot(at_us: int, counts: Counter[Outcome]) -> Slot:
    good = counts[Outcome.PASSED] + counts[Outcome.PASSED_ON_RETRY]
    absent = sum(counts[outcome] for outcome in _ABSENT)
    unclear = counts[Outcome.INCONCLUSIVE] + counts[Outcome.SETUP_ERROR]
    return Slot(at_us, good, counts[Outcome.FAILED], unclear, absent)


def availability(slots: Sequence[Slot]) -> float | None:
    """Return the share of conclusive runs that were good, 0 to 1; None without any."""
    good, failed = sum(slot.good for slot in slots), sum(slot.failed for slot in slots)
    return good / (good + failed) if good + failed else None


def coverage(slots: Sequence[Slot]) -> float | None:
    """Return the share of due runs that happened, 0 to 1; None if none was due."""
    due = sum(slot.good + slot.failed + slot.unclear + slot.absent for slot in slots)
    return 1 - sum(slot.absent for slot in slots) / due if due else None
