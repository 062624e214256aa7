"""Error budgets: how fast the share of failures that is allowed is being used up.

Two windows must agree, an hour and five minutes at 14.4 times the even pace, or six hours and half an hour at six times
(Beyer et al., The Site Reliability Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts").
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from outrider.alerts.matching import all_hold
from outrider.alerts.symptom import Facts, Subject, Symptom, Trouble
from outrider.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from outrider.alerts.settings import Budget
    from outrider.model import Run

_MINUTE_US = 60_000_000
_WINDOWS = ((60, 5, 14.4), (360, 30, 6.0))
_LEAST_RUNS = 10
_COUNTED = {Outcome.PASSED, Outcome.PASSED_ON_RETRY, Outcome.FAILED}


def burn_rate(outcomes: Iterable[tuple[int, bool]], now_us: int, minutes: int, target: float) -> float:
    """Return how many times faster than evenly the budget was used up lately; 0 for too few runs.

    Args:
        outcomes: When each run was due, microseconds UTC, and whether it failed.
        now_us: The end of the window.
        minutes: Its length.
        target: Share of runs that must be good.
    """
    failed = [bad for at_us, bad in outcomes if now_us - minutes * _MINUTE_US < at_us <= now_us]
    return sum(failed) / len(failed) / (1 - target) if len(failed) >= min(_LEAST_RUNS, minutes) else 0.0


class Burn:
    """Remembers six hours of outcomes of the checks that have a budget."""

    def __init__(self, budgets: Sequence[Budget]) -> None:
        self._budgets = budgets
        self._outcomes: dict[tuple[str, str, str], deque[tuple[int, bool]]] = {}

    def seen(self, run: Run, labels: Mapping[str, str]) -> list[Symptom]:
        """Return whether a run's check uses up its budget too fast; nothing if it has none."""
        budget = next((one for one in self._budgets if all_hold(one.matchers, labels)), None)
        if budget is None or run.outcome not in _COUNTED:
            return []
        outcomes = self._outcomes.setdefault((run.check, run.environment, run.location), deque())
        outcomes.append((run.due_us, not run.outcome.is_good))
        while outcomes[0][0] < run.due_us - _WINDOWS[-1][0] * _MINUTE_US:
            outcomes.popleft()
        rates = [
            (limit, min(burn_rate(outcomes, run.due_us, minutes, budget.target) for minutes in (long, short)))
            for long, short, limit in _WINDOWS
        ]
        burning = any(rate >= limit for limit, rate in rates)
        worst = max(rate for _, rate in rates)
        facts = Facts(
            f"the error budget of {budget.target:.3%} is used up {worst:.1f} times too fast",
            observed=f"{worst:.1f} times",
            expected="once",
            run=run.id,
        )
        subject = Subject(Trouble.BUDGET, run.check, run.environment, run.location)
        told = {**labels, "trouble": Trouble.BUDGET.value, "fault": "budget burns"}
        return [Symptom(subject, burning, run.due_us, facts, (f"check:{run.check}",), told, once=True)]
