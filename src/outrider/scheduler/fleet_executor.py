"""Executes probes, many at a time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from outrider.scheduler.executor import launch_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Run, RunId
    from outrider.runs import Fleet
    from outrider.scheduler.executor import Work


class FleetExecutor:
    """Executes runs of probes in a fleet.

    Args:
        most: Runs under way at a time.
    """

    def __init__(self, fleet: Fleet, most: int) -> None:
        self._fleet = fleet
        self._most = most
        self._changed = threading.Condition()  # guards _under_way: the fleet's writer takes out what the service put in
        self._under_way: dict[RunId, Work] = {}

    @property
    def room(self) -> int:
        """How many more runs it can begin now."""
        with self._changed:
            return self._most - len(self._under_way)

    def begin(self, work: Sequence[Work]) -> None:
        """Begin runs."""
        with self._changed:
            self._under_way.update({entry.run: (entry, check) for entry, check in work})
        self._fleet.begin([launch_of(item) for item in work], self._finished)

    def kill(self, run: RunId) -> None:
        """Do nothing: a probe ends by its own time-out."""

    def close(self, within_s: float) -> Sequence[Work]:
        """Wait for what is under way, at most so long, and return what is not finished then."""
        with self._changed:
            self._changed.wait_for(lambda: not self._under_way, within_s)
            return tuple(self._under_way.values())

    def _finished(self, run: Run) -> None:
        with self._changed:
            self._under_way.pop(run.id, None)
            self._changed.notify_all()
