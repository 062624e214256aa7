"""Checks that are bad in few of their locations and good in most: a finding about those locations."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.model import CheckId, Run

PERSISTENT_RUNS = 3
"""Runs in a row that have to agree: one bad run in one place is an accident."""


@dataclass(frozen=True, slots=True)
class Minority:
    """Locations in which a check keeps failing while it is good in most of the others."""

    check: CheckId
    bad: tuple[str, ...]
    good: tuple[str, ...]


class Locations:
    """Remembers the latest runs of each check by location. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards _latest
        self._latest: dict[CheckId, dict[str, deque[bool]]] = {}

    def note_run(self, run: Run) -> None:
        """Remember a run that was executed."""
        with self._lock:
            places = self._latest.setdefault(run.check, {})
            places.setdefault(run.location, deque(maxlen=PERSISTENT_RUNS)).append(run.outcome.is_good)

    def minorities(self) -> tuple[Minority, ...]:
        """Return the checks that keep failing in fewer than half of their locations."""
        with self._lock:
            latest = {
                check: {name: tuple(runs) for name, runs in places.items()} for check, places in self._latest.items()
            }
        minorities = []
        for check, places in sorted(latest.items()):
            full = {name: runs for name, runs in places.items() if len(runs) == PERSISTENT_RUNS}
            bad = tuple(sorted(name for name, runs in full.items() if not any(runs)))
            good = tuple(sorted(name for name, runs in full.items() if all(runs)))
            if bad and len(bad) < len(good):
                minorities.append(Minority(check, bad, good))
        return tuple(minorities)
