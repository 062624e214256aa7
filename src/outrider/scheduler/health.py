"""How the service itself does: what degrades it now, and what it has counted."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from outrider.model import CheckId, Outcome, Run

log = structlog.get_logger("outrider.scheduler")

LAG_BOUNDS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Health:
    """Problems by subject, and counts. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._problems: dict[str, str] = {}
        self.outcomes: Counter[tuple[CheckId, str, Outcome]] = Counter()
        self.last: dict[tuple[CheckId, str], Run] = {}
        self.events: Counter[str] = Counter()
        self.lags = [0] * (len(LAG_BOUNDS_S) + 1)
        self.lag_sum_s = 0.0

    def wrong(self, subject: str, problem: str) -> None:
        """Note that something is wrong; it is logged when it is new."""
        with self._lock:
            is_new = self._problems.get(subject) != problem
            self._problems[subject] = problem
        if is_new:
            log.error("service.degraded", subject=subject, problem=problem)

    def well(self, subject: str) -> None:
        """Note that it is well again."""
        with self._lock:
            problem = self._problems.pop(subject, None)
        if problem is not None:
            log.info("service.recovered", subject=subject)

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong now."""
        with self._lock:
            return dict(self._problems)

    def count(self, event: str, by: int = 1) -> None:
        """Count something."""
        with self._lock:
            self.events[event] += by

    def ran(self, run: Run) -> None:
        """Count a stored run, and how late it began if it was made."""
        with self._lock:
            self.outcomes[run.check, run.location, run.outcome] += 1
            self.last[run.check, run.location] = run
            if run.attempts:
                lag_s = max(0.0, (run.started_us - run.due_us) / 1e6)
                self.lags[bisect_left(LAG_BOUNDS_S, lag_s)] += 1
                self.lag_sum_s += lag_s
