"""The locations of a check side by side."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.model import Outcome

if TYPE_CHECKING:
    from outrider.model import Check, CheckHistory, RunSummary

_MOST_PLACES = 100
_GOOD = tuple(outcome for outcome in Outcome if outcome.is_good)


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """What a check did in one of its locations.

    Attributes:
        last: Its latest run there; None if it made none.
        passed: Runs of the span that passed, also on retry.
        measured: Runs of the span that say something of the target.
        missed: Runs of the span that were due and did not happen.
    """

    location: str
    last: RunSummary | None
    passed: int
    measured: int
    missed: int


def place_lines(history: CheckHistory, check: Check, since_us: int, now_us: int) -> tuple[PlaceLine, ...]:
    """Return the locations of a check side by side, over whole UTC days; nothing of one that has one."""
    if len(check.policy.locations) < 2:
        return ()
    counts: dict[str, Counter[Outcome]] = defaultdict(Counter)
    for period in history.outcomes_by_day([check.id], since_us, now_us):
        if period.environment == check.policy.environment:
            counts[period.location][period.outcome] += period.runs
    last = {
        run.location: run
        for run in history.last_runs([check.id], now_us, depth=_MOST_PLACES)
        if run.environment == check.policy.environment
    }
    return tuple(
        PlaceLine(
            location, last.get(location),
            passed=sum(runs for outcome, runs in counts[location].items() if outcome.is_good),
            measured=sum(counts[location][outcome] for outcome in (*_GOOD, Outcome.FAILED)),
            missed=counts[location][Outcome.MISSED] + counts[location][Outcome.SKIPPED],
        )
        for location in check.policy.locations
    )  # fmt: skip
