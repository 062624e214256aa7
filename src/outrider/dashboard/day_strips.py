"""Strips of days, remembered: of the ninety days only the last one changes often."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from outrider.dashboard.period_slots import AHEAD_US, DAY_US, DAYS, slots_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from outrider.dashboard.period_slots import Slot
    from outrider.model import Check, CheckHistory, CheckId, PeriodCount, PeriodDuration, RunSummary

    Kept = tuple[int, tuple[Slot, ...]]

REMEMBERED_US = 600_000_000
"""Age at which complete days are read again: late runs are counted in them."""
MOST_CHECKS = 20_000


class DayStrips:
    """Reads the strip of each check's days; complete days are read once in ten minutes. Any thread may ask.

    Args:
        history: Where the counts are.
    """

    def __init__(self, history: CheckHistory) -> None:
        self._history = history
        self._lock = threading.Lock()
        self._kept: dict[tuple[CheckId, str, tuple[str, ...], int], Kept] = {}

    def read(self, checks: Sequence[Check], first_us: int, now_us: int) -> Mapping[CheckId, tuple[Slot, ...]]:
        """Return the strip of each check from the day that begins at `first_us` on."""
        today_us = first_us + (DAYS - 1) * DAY_US
        with self._lock:
            kept = {check.id: self._kept.get(_key(check, first_us)) for check in checks}
        fresh = {check: row for check, row in kept.items() if row is not None and now_us - row[0] < REMEMBERED_US}
        missing = [check for check in checks if check.id not in fresh]
        read = self._counted(missing, first_us, today_us)
        past = {check.id: (now_us, slots_of(read[check.id], first_us, DAY_US, DAYS - 1)) for check in missing}
        self._keep({_key(check, first_us): past[check.id] for check in missing})
        present = self._counted(checks, today_us, now_us + AHEAD_US)
        strips = fresh | past
        return {check.id: (*strips[check.id][1], *slots_of(present[check.id], today_us, DAY_US, 1)) for check in checks}

    def _counted(self, checks: Collection[Check], since_us: int, until_us: int) -> dict[CheckId, list[PeriodCount]]:
        by_id = {check.id: check for check in checks}
        counts: dict[CheckId, list[PeriodCount]] = {check: [] for check in by_id}
        rows: Iterable[PeriodCount] = self._history.outcomes_by_day(list(by_id), since_us, until_us) if by_id else ()
        for row in rows:
            if is_place_of(by_id[row.check], row):
                counts[row.check].append(row)
        return counts

    def _keep(self, read: Mapping[tuple[CheckId, str, tuple[str, ...], int], Kept]) -> None:
        with self._lock:
            if len(self._kept) + len(read) > MOST_CHECKS:
                self._kept.clear()
            self._kept |= read


def is_place_of(check: Check, row: RunSummary | PeriodCount | PeriodDuration) -> bool:
    """Return whether something happened where a check is scheduled, and not in a gate or a trial."""
    return row.environment == check.policy.environment and row.location in check.policy.locations


def _key(check: Check, first_us: int) -> tuple[CheckId, str, tuple[str, ...], int]:
    return check.id, check.policy.environment, check.policy.locations, first_us
