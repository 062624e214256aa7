"""Which numbers of a run are judged: one series a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import Outcome, StepKind

if TYPE_CHECKING:
    from outrider.model import CheckId, Run
    from outrider.store import Series, Store

METRIC = "duration_ms"
TELLING = frozenset({Outcome.PASSED, Outcome.PASSED_ON_RETRY, Outcome.FAILED})
"""Outcomes that say something about the system under test; all but PASSED say that an attempt failed."""


def primary_durations(run: Run) -> dict[str, float]:
    """Return the duration [ms] of each primary step of a run's measured attempt; empty if it has none.

    Named steps are primary where the test names any, else the automatic ones on the first level.
    """
    attempt = next((one for one in run.attempts if one.measured), None)
    if attempt is None:
        return {}
    steps = [step for step in attempt.measurement.steps if step.parent is None]
    named = [step for step in steps if step.kind == StepKind.NAMED]
    return {step.key: step.duration_ms for step in named or steps if step.duration_ms}


def primary_series(store: Store, check: CheckId) -> list[Series]:
    """Return the series of a check's primary steps, as its last run that passed names them."""
    last = store.runs(check, outcome=Outcome.PASSED, limit=1)
    steps = primary_durations(store.run(last[0].id).run) if last else {}
    return [one for one in store.series(check) if one.metric == METRIC and one.step in steps]
