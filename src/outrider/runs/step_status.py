"""How each check does now, by what the judge says after its last run that passed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.runs.primary_steps import last_passed, watched_places

if TYPE_CHECKING:
    from outrider.model import CheckId, RunHistory
    from outrider.runs.run_judge import Judge, Judgement


@dataclass(frozen=True, slots=True)
class StepStatus:
    """What the judge says of a step, or of failures, of a check in one place.

    Attributes:
        at_us: When its run was due, microseconds UTC.
    """

    check: CheckId
    environment: str
    location: str
    at_us: int
    judgement: Judgement


def step_statuses(store: RunHistory, judge: Judge, check: CheckId) -> list[StepStatus]:
    """Return how a check does in each place that is watched; runs that were not judged yet are judged now."""
    statuses = []
    for environment, location in watched_places(store.series.of(check)):
        if (run := last_passed(store.runs, check, environment, location)) is not None:
            judgements = judge.judge(run)
            statuses += [StepStatus(check, environment, location, run.due_us, judgement) for judgement in judgements]
    return statuses
