"""What is due next, of all checks in all their locations: a heap in memory, rebuilt from the workspace."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.scheduler.timetable import timetable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Check, CheckId
    from outrider.scheduler.timetable import Timetable

Key = tuple["CheckId", str]
"""A check in a location."""


@dataclass(frozen=True, slots=True)
class Due:
    """A run that is due."""

    check: Check
    location: str
    due_us: int


class Plan:
    """Says which runs are due; of each check and location in the order of time.

    Args:
        checks: Those that are not enabled are never due.
        timezone: IANA name, for crons.
        from_us: Everything later than this is due in its time.
        failing: Whose last run was not good.
    """

    def __init__(
        self, checks: Sequence[Check], timezone: str, from_us: int, failing: frozenset[Key] = frozenset()
    ) -> None:
        self._timezone = timezone
        self._failing = set(failing)
        self._checks = {
            (check.id, location): check
            for check in checks
            if check.policy.enabled
            for location in check.policy.locations
        }
        self._tables = {key: self._table(key) for key in self._checks}
        self._heap: list[tuple[int, Key, int]] = []
        self._version = dict.fromkeys(self._checks, 0)
        for key in self._checks:
            self._push(key, from_us)

    @property
    def failing(self) -> frozenset[Key]:
        """Whose last run was not good."""
        return frozenset(self._failing)

    @property
    def next_us(self) -> int | None:
        """When the next run is due."""
        return self._heap[0][0] if self._heap else None

    def is_done(self, now_us: int) -> bool:
        """Return whether everything that is due until now was returned."""
        return self.next_us is None or self.next_us > now_us

    def __len__(self) -> int:
        return len(self._checks)

    def until(self, now_us: int, most: int) -> list[Due]:
        """Return what is due until now and was not returned yet, the oldest first, at most so many."""
        due: list[Due] = []
        while self._heap and self._heap[0][0] <= now_us and len(due) < most:
            due_us, key, version = heapq.heappop(self._heap)
            if version == self._version[key]:
                due.append(Due(self._checks[key], key[1], due_us))
                self._push(key, due_us)
        return due

    def restart(self, from_us: int) -> None:
        """Plan anew from this time, after the clock was set back."""
        self._heap.clear()
        for key in self._checks:
            self._push(key, from_us)

    def note_result(self, key: Key, now_us: int, *, good: bool) -> None:
        """Take note of how a run ended: a check that fails may run more often."""
        if key not in self._checks or good == (key not in self._failing):
            return
        (self._failing.discard if good else self._failing.add)(key)
        if self._checks[key].policy.every_failing_s:
            self._tables[key] = self._table(key)
            self._version[key] += 1
            self._push(key, now_us)

    def _table(self, key: Key) -> Timetable:
        return timetable(self._checks[key], self._timezone, failing=key in self._failing, location=key[1])

    def _push(self, key: Key, after_us: int) -> None:
        due_us = self._tables[key].after(after_us)
        if due_us is not None:
            heapq.heappush(self._heap, (due_us, key, self._version[key]))
