"""The service's own health: what degrades it now, and what it has counted."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from outrider.workspace import gated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.model import CheckId, Outcome, Run

log = structlog.get_logger("outrider.scheduler")

LAG_BOUNDS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


@dataclass(frozen=True, slots=True)
class Counts:
    """What the service has counted up to one moment.

    Attributes:
        outcomes: Runs by check, location and outcome.
        last: The last run of each check and location.
        lags: Runs that began within each of `LAG_BOUNDS_S`, and later.
    """

    outcomes: Mapping[tuple[CheckId, str, Outcome], int]
    last: Mapping[tuple[CheckId, str], Run]
    events: Mapping[str, int]
    lags: tuple[int, ...]
    lag_sum_s: float


class Health:
    """Problems by subject, and counts. Every method may be called from any thread.

    Args:
        redact: Each problem passes it before it is kept and logged.
    """

    def __init__(self, redact: Callable[[str], str] = gated) -> None:
        self._redact = redact
        self._lock = threading.Lock()  # guards everything below
        self._problems: dict[str, str] = {}
        self._outcomes: Counter[tuple[CheckId, str, Outcome]] = Counter()
        self._last: dict[tuple[CheckId, str], Run] = {}
        self._events: Counter[str] = Counter()
        self._lags = [0] * (len(LAG_BOUNDS_S) + 1)
        self._lag_sum_s = 0.0

    def wrong(self, subject: str, problem: str) -> None:
        """Note that something is wrong; it is logged when it is new."""
        problem = self._redact(problem)
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

    @property
    def counts(self) -> Counts:
        """What was counted up to now."""
        with self._lock:
            outcomes, last, events = dict(self._outcomes), dict(self._last), dict(self._events)
            return Counts(outcomes, last, events, tuple(self._lags), self._lag_sum_s)

    def count(self, event: str, by: int = 1) -> None:
        """Count something."""
        with self._lock:
            self._events[event] += by

    def ran(self, run: Run) -> None:
        """Count a stored run, and how late it began if it was executed."""
        with self._lock:
            self._outcomes[run.check, run.location, run.outcome] += run.due_count
            self._last[run.check, run.location] = run
            if run.attempts:
                lag_s = max(0.0, (run.started_us - run.due_us) / 1e6)
                self._lags[bisect_left(LAG_BOUNDS_S, lag_s)] += 1
                self._lag_sum_s += lag_s
