"""How each check does now, by what the judge says after its last run that passed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.runs.primary import last_passed, watched_places

if TYPE_CHECKING:
    from outrider.model import CheckId
    from outrider.runs.judging import Judge, Judgement
    from outrider.store import Store


@dataclass(frozen=True, slots=True)
class StepStatus:
    """What the judge says of a step, or of failures, of a check in one place.

    Attributes:
        at_us: When the run was due that it speaks of, microseconds UTC.
    """

    check: CheckId
    environment: str
    location: str
    at_us: int
    judgement: Judgement


def step_statuses(store: Store, judge: Judge, check: CheckId) -> list[StepStatus]:
    """Return how a check does in each place that is watched; runs that were not judged yet are judged now."""
    found = []
    for environment, location in watched_places(store.series.of(check)):
        if (run := last_passed(store, check, environment, location)) is not None:
            told = judge.judge(run)
            found += [StepStatus(check, environment, location, run.due_us, one) for one in told]
    return found
