"""Error budgets: whether the share of failures that is allowed is being used up too fast."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from outrider.alerts.finding import Facts, Finding, FindingKey, Problem, problem_labels
from outrider.alerts.matcher import all_hold
from outrider.alerts.run_findings import only_ends_soon
from outrider.baselines import BurnRule, error_budget
from outrider.model import Outcome, per_cent, title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from outrider.alerts.alert_settings import Budget
    from outrider.model import Run

_RULES = (BurnRule(14.4, 3_600, 300), BurnRule(6.0, 21_600, 1_800))
_SECOND_US = 1_000_000
_LONGEST_US = 21_600 * _SECOND_US
_LEAST_FAILED = 3  # of a check that runs rarely, a single failure is a great share of an hour
_COUNTED = {Outcome.PASSED, Outcome.PASSED_ON_RETRY, Outcome.FAILED}


class Burn:
    """Remembers six hours of outcomes of the checks that have a budget.

    Args:
        budgets: Which checks have one.
        earlier: What is stored of a run's check in its place, due since a time (microseconds UTC) and before the run,
            the oldest first. It is asked once for each place, so that a service that starts again goes on counting.
    """

    def __init__(
        self, budgets: Sequence[Budget], earlier: Callable[[Run, int], Iterable[Run]] = lambda _run, _since_us: ()
    ) -> None:
        self._budgets = budgets
        self._earlier = earlier
        self._outcomes: dict[tuple[str, str, str], deque[tuple[int, bool]]] = {}

    def seen(self, run: Run, labels: Mapping[str, str], title: str = "") -> list[Finding]:
        """Return whether a run's check uses up its error budget too fast; nothing if it has none."""
        budget = next((budget for budget in self._budgets if all_hold(budget.matchers, labels)), None)
        if budget is None or run.outcome not in _COUNTED:
            return []
        place = (run.check, run.environment, run.location)
        if place not in self._outcomes:
            earlier = self._earlier(run, run.due_us - _LONGEST_US)
            self._outcomes[place] = deque(_counted(past) for past in earlier if past.outcome in _COUNTED)
        outcomes = self._outcomes[place]
        outcomes.append(_counted(run))
        while outcomes[0][0] < run.due_us - _LONGEST_US:
            outcomes.popleft()
        at, failed = (
            np.array([outcome[0] // _SECOND_US for outcome in outcomes]),
            np.array([outcome[1] for outcome in outcomes], float),
        )
        state = error_budget(at.astype("datetime64[s]"), failed, objective=budget.target, rules=_RULES)
        burning = bool(state.burning) and state.failed >= _LEAST_FAILED
        share = 1 - state.availability
        facts = Facts(
            f"{per_cent(share)} of {state.runs} runs failed, {per_cent(1 - budget.target, '.2f')} may",
            observed=f"{per_cent(share)} of runs",
            expected=f"at most {per_cent(1 - budget.target, '.2f')}",
            run=run.id,
            title=title or title_of(run.check),
        )
        key = FindingKey(Problem.BUDGET, run.check, run.environment, run.location)
        budget_labels = {**labels, **problem_labels(Problem.BUDGET), "fault": "budget burns"}
        return [Finding(key, burning, run.due_us, facts, (f"check:{run.check}",), budget_labels, once=True)]


def _counted(run: Run) -> tuple[int, bool]:
    """Return when a run was due, and whether it uses up budget."""
    return run.due_us, not run.outcome.is_good and not only_ends_soon(run)
