"""The last run of each check in each of its places."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrider.model import CheckHistory, CheckId, Coverage, RunSummary


def last_runs_by_place(
    history: CheckHistory, newest: Sequence[RunSummary], coverage: Iterable[Coverage]
) -> tuple[RunSummary, ...]:
    """Return the last run of each check in each location of its present environment, by check and location.

    Args:
        history: Is asked about checks that were due in several locations.
        newest: The last run of each check, wherever it was.
        coverage: Tells where each check was due lately.
    """
    environment = {run.check: run.environment for run in newest}
    places = Counter(row.check for row in coverage if environment.get(row.check) == row.environment)
    by_depth: dict[int, list[CheckId]] = defaultdict(list)
    for check in environment:
        if places[check] > 1:
            by_depth[places[check] * 4].append(check)
    last = {(run.check, run.location): run for run in newest}
    until_us = max((run.due_us for run in newest), default=0) + 1
    for depth, checks in by_depth.items():
        for run in history.last_runs(checks, until_us, depth=depth):
            if run.environment == environment[run.check]:
                last[run.check, run.location] = run
    return tuple(last[place] for place in sorted(last))
