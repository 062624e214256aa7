"""A check that is bad in few of its locations and good in most: a finding about those locations. Pure."""

from __future__ import annotations

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
    """Remembers the latest runs of each check by location."""

    def __init__(self) -> None:
        self._latest: dict[CheckId, dict[str, deque[bool]]] = {}

    def heard(self, run: Run) -> None:
        """Hear of a run that was made."""
        places = self._latest.setdefault(run.check, {})
        places.setdefault(run.location, deque(maxlen=PERSISTENT_RUNS)).append(run.outcome.is_good)

    def minorities(self) -> tuple[Minority, ...]:
        """Return the checks that keep failing in fewer than half of their locations."""
        found = []
        for check, places in sorted(self._latest.items()):
            full = {name: runs for name, runs in places.items() if len(runs) == PERSISTENT_RUNS}
            bad = tuple(sorted(name for name, runs in full.items() if not any(runs)))
            good = tuple(sorted(name for name, runs in full.items() if all(runs)))
            if bad and len(bad) < len(good):
                found.append(Minority(check, bad, good))
        return tuple(found)
