"""A measure whose run can be ended by another thread, and no run but that one."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.model import Measurement, Outcome, OutriderError
from outrider.runs import broken_outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.model import Measure, Order, RunId

_BROKEN = "the prober itself broke"
_KILLED = "ended before its time: the next run was due"
_STOP_AGAIN_S = 0.5
_REMEMBERED = 16


class Killable:
    """A measure of which one run at a time is under way.

    Comparing and stopping are one step: the next run cannot begin in between. A run that is killed before it begins, or
    between two attempts, is not measured any further.

    Args:
        measure: What measures.
        stop: Ends what it is doing; called from any thread, again and again until the attempt has ended.
    """

    def __init__(self, measure: Measure, stop: Callable[[], None]) -> None:
        self._measure = measure
        self._stop = stop
        self._changed = threading.Condition()  # guards _current and _killed
        self._current: RunId | None = None
        self._killed: deque[RunId] = deque(maxlen=_REMEMBERED)

    def kill(self, run: RunId) -> None:
        """End this run; returns when no attempt of it is under way."""
        with self._changed:
            self._killed.append(run)
            while self._current == run:
                self._stop()
                self._changed.wait(_STOP_AGAIN_S)

    def measure(self, order: Order) -> Measurement:
        """Carry out one attempt; one that was killed is skipped, one that breaks the prober says so."""
        started_us, began_s = time.time_ns() // 1000, time.monotonic()
        if not self._begin(order.run):
            return Measurement(Outcome.SKIPPED, _KILLED, started_us, 0.0)
        try:
            measurement = self._measure.measure(order)
        except (OutriderError, OSError, EOFError) as error:
            duration_ms = (time.monotonic() - began_s) * 1000
            measurement = Measurement(broken_outcome(error), f"{_BROKEN}: {error}", started_us, duration_ms)
        finally:
            is_killed = self._end(order.run)
        return replace(measurement, outcome=Outcome.SKIPPED, reason=_KILLED) if is_killed else measurement

    def _begin(self, run: RunId) -> bool:
        with self._changed:
            if run in self._killed:
                return False
            self._current = run
            return True

    def _end(self, run: RunId) -> bool:
        with self._changed:
            self._current = None
            self._changed.notify_all()
            return run in self._killed
