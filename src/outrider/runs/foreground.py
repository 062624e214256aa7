"""A journey that runs while a load is under way: what a user sees of it."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.model import ForegroundRun, LoadResult, Outcome, per_cent
from outrider.runs.primary_steps import LOAD_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.model import Check, LoadInterval, Measure, Measurement, Order, Run

_PAUSE_S = 0.2


class Foreground:
    """Runs a journey again and again while a load is measured; the runs are stored apart from what is watched.

    A run that the load's generator, or anything else on this host, leaves too little of the host for is inconclusive.

    Args:
        journey: What to run.
        measure: How journeys are measured.
        run: Makes one run with a measure, and stores it.
        starved_above: Share of the host, 0 to 1, that others than the journey may use.
    """

    def __init__(
        self,
        journey: Check,
        measure: Measure,
        run: Callable[[Measure, Check], Run],
        *,
        starved_above: float,
    ) -> None:
        apart = replace(journey.policy, environment=f"{journey.policy.environment}{LOAD_SUFFIX}", retries=0)
        self._journey = replace(journey, policy=apart)
        self._measure = measure
        self._run = run
        self._starved_above = starved_above
        self._now: LoadInterval | None = None
        self._over = threading.Event()
        self._runs: list[ForegroundRun] = []
        self._error: BaseException | None = None

    def second(self, so_far: Sequence[LoadInterval], left_s: float | None) -> None:  # noqa: ARG002 - a listener of loads
        """Take the latest interval of the load."""
        self._now = so_far[-1]

    def beside(self, load: Measure, order: Order) -> Measurement:
        """Carry out a load with the journey beside it; what it saw is part of the load's result.

        Raises:
            OutriderError: If a run of the journey cannot be stored.
        """
        thread = threading.Thread(target=self._keep_running, name="foreground", daemon=True)
        thread.start()
        try:
            measurement = load.measure(order)
        finally:
            self._over.set()
            thread.join()
        if self._error is not None:
            raise self._error
        result = replace(measurement.load or LoadResult(), foreground=tuple(self._runs))
        return replace(measurement, load=result)

    def measure(self, order: Order) -> Measurement:
        """Measure the journey as ever, and see whether the load left enough of the host for it."""
        measurement = self._measure.measure(order)
        host, now = measurement.host, self._now
        if host is None or now is None or not (measurement.outcome.is_good or measurement.outcome is Outcome.FAILED):
            return measurement
        taken = min(1.0, host.other_share + now.cpu_share * now.workers / host.processors)  # of different seconds
        if taken <= self._starved_above:
            return measurement
        reason = f"the load and others used {per_cent(taken, '.0f')} of this host: run its workers on another machine"
        return replace(measurement, outcome=Outcome.INCONCLUSIVE, reason=reason)

    def _keep_running(self) -> None:
        try:
            while not self._over.is_set():
                if self._now is None:
                    self._over.wait(_PAUSE_S)
                    continue
                began = self._now
                run = self._run(self, self._journey)
                if not self._over.is_set():  # the end of the load is no level of it
                    self._runs.append(_seen(run, began))
        except BaseException as error:
            self._error = error


def _seen(run: Run, began: LoadInterval) -> ForegroundRun:
    steps = run.attempts[0].measurement.steps if run.attempts else ()
    durations = {step.title: step.duration_ms for step in steps if step.parent is None and step.duration_ms is not None}
    return ForegroundRun(run.id, began.offset_s + began.length_s, began.users, run.outcome, durations)
