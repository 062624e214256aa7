"""The attempts of a run in order, independent of who measures them and of how many runs are under way."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from outrider.model import Attempt, Order, Outcome, OutriderError, Run, new_run_id
from outrider.runs.attempts import Plan, is_measured, next_attempt, run_outcome

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from outrider.model import Check, Circumstances, Measurement, RunId


class Listener(Protocol):
    """Receives a run's progress."""

    def attempt_started(self, check: Check, plan: Plan) -> None:
        """Receive that an attempt starts."""
        ...


@dataclass(frozen=True, slots=True)
class Launch:
    """A run that begins; times in microseconds UTC."""

    run: RunId
    check: Check
    location: str
    due_us: int
    started_us: int


def launched(check: Check, *, location: str = "local", due_us: int | None = None, run: RunId | None = None) -> Launch:
    """Return a run that begins now, with the id that was made before, or a new one."""
    now_us = time.time_ns() // 1000
    return Launch(run or new_run_id(now_us), check, location, now_us if due_us is None else due_us, now_us)


def attempt_sequence(
    launch: Launch, scratch: Path, listener: Listener | None = None
) -> Generator[Order, Measurement, tuple[Attempt, ...]]:
    """Yield the order of each attempt, be sent what it measured, and return all attempts.

    Args:
        launch: The run.
        scratch: The folder in which the run has one of its own, named by its id.
        listener: Receives the start of each attempt.
    """
    check, attempts = launch.check, list[Attempt]()
    deadline_s = time.monotonic() + check.policy.timeout_s
    while plan := next_attempt(attempts, check.policy, deadline_s - time.monotonic()):
        if listener is not None:
            listener.attempt_started(check, plan)
        measurement = yield Order(
            run=launch.run,
            check=check,
            attempt=plan.number,
            deadline_s=deadline_s - time.monotonic(),
            scratch=scratch.joinpath(launch.run, str(plan.number)),
            evidence=plan.evidence or plan.records,
        )
        measured = is_measured(plan) and measurement.outcome == Outcome.PASSED
        attempts.append(Attempt(plan.number, measured, plan.evidence, measurement))
    return tuple(attempts)


def finished_run(launch: Launch, attempts: tuple[Attempt, ...], circumstances: Circumstances) -> Run:
    """Return the run that ends now, with the outcome over its attempts."""
    outcome, reason = run_outcome(attempts)
    return Run(
        id=launch.run,
        check=launch.check.id,
        environment=launch.check.policy.environment,
        location=launch.location,
        due_us=launch.due_us,
        started_us=launch.started_us,
        finished_us=time.time_ns() // 1000,
        outcome=outcome,
        reason=reason,
        attempts=attempts,
        circumstances=_with_browser(circumstances, attempts),
    )


def broken_run(launch: Launch, error: Exception, circumstances: Circumstances) -> Run:
    """Return the record of a run that was begun and that the prober broke, without attempts."""
    return Run(
        id=launch.run,
        check=launch.check.id,
        environment=launch.check.policy.environment,
        location=launch.location,
        due_us=launch.due_us,
        started_us=launch.started_us,
        finished_us=time.time_ns() // 1000,
        outcome=broken_outcome(error),
        reason=f"the prober itself broke: {type(error).__name__}: {error}",
        attempts=(),
        circumstances=circumstances,
    )


def broken_outcome(error: Exception) -> Outcome:
    """Return the outcome of a run that an error of the prober ended: a setup error if Outrider refused something."""
    return Outcome.SETUP_ERROR if isinstance(error, OutriderError) else Outcome.INCONCLUSIVE


def _with_browser(circumstances: Circumstances, attempts: Sequence[Attempt]) -> Circumstances:
    browsers = (attempt.measurement.attributes.get("browser", "") for attempt in attempts)
    browser = next(filter(None, browsers), "")
    return replace(circumstances, browser=browser) if browser else circumstances
