"""One run, from the moment it is due to the moment it is stored."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from outrider.model import Attempt, Circumstances, Order, Outcome, Run, new_run_id
from outrider.runs.attempts import Plan, is_measured, next_attempt, verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from outrider.model import Check, Kind, Measure, RunId


class Recorder(Protocol):
    """Where runs are kept; `record` is idempotent by run id and atomic."""

    def record(self, run: Run) -> None:
        """Keep a finished run."""
        ...


class Listener(Protocol):
    """Hears of a run's progress."""

    def attempt_started(self, check: Check, plan: Plan) -> None:
        """Hear that an attempt starts."""
        ...


class Runner:
    """Makes runs of any kind of check."""

    def __init__(
        self,
        measures: Mapping[Kind, Measure],
        recorder: Recorder,
        scratch: Path,
        circumstances: Circumstances,
        listener: Listener | None = None,
    ) -> None:
        self._measures = measures
        self._recorder = recorder
        self._scratch = scratch
        self._circumstances = circumstances
        self._listener = listener

    def run(self, check: Check, *, location: str = "local", due_us: int | None = None, run: RunId | None = None) -> Run:
        """Make one run and store it; its files are gone from the scratch folder when this returns.

        Args:
            check: What to run.
            location: Where this prober stands.
            due_us: When the run was due, microseconds UTC; now if absent.
            run: Its id, if it was made before.
        """
        started_us = time.time_ns() // 1000
        identity = run or new_run_id(started_us)
        folder = self._scratch / identity
        try:
            attempts = self._attempts(check, identity, folder)
            outcome, reason = verdict(attempts)
            finished = Run(
                id=identity,
                check=check.id,
                environment=check.policy.environment,
                location=location,
                due_us=started_us if due_us is None else due_us,
                started_us=started_us,
                finished_us=time.time_ns() // 1000,
                outcome=outcome,
                reason=reason,
                attempts=attempts,
                circumstances=self._of(attempts),
            )
            self._recorder.record(finished)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return finished

    def _attempts(self, check: Check, run: RunId, folder: Path) -> tuple[Attempt, ...]:
        attempts: list[Attempt] = []
        deadline_s = time.monotonic() + check.policy.timeout_s
        while plan := next_attempt(attempts, check.policy, deadline_s - time.monotonic()):
            if self._listener is not None:
                self._listener.attempt_started(check, plan)
            scratch = folder / str(plan.number)
            scratch.mkdir(parents=True)
            order = Order(
                run=run,
                check=check,
                attempt=plan.number,
                deadline_s=deadline_s - time.monotonic(),
                scratch=scratch,
                evidence=plan.evidence,
            )
            measurement = self._measures[check.kind].measure(order)
            measured = is_measured(plan) and measurement.outcome == Outcome.PASSED
            attempts.append(Attempt(plan.number, measured, plan.evidence, measurement))
        return tuple(attempts)

    def _of(self, attempts: Sequence[Attempt]) -> Circumstances:
        browser = next((one.measurement.attributes.get("browser", "") for one in attempts), "")
        return replace(self._circumstances, browser=browser)
