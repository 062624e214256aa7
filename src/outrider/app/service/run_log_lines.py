"""A listener of the service that logs its runs, for people and for what collects logs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import structlog

from outrider.baselines import Condition
from outrider.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Run
    from outrider.runs import Judgement


class RunLogLines:
    """Logs every stored run, and each step that begins to deviate; missed runs in one line a second by reason.

    After half a day without Outrider there are hundreds of thousands of them.
    """

    def __init__(self) -> None:
        self._log = structlog.get_logger("outrider.runs")
        self._missed: Counter[str] = Counter()
        self._deviating: dict[tuple[str, ...], Condition] = {}

    def run_finished(self, run: Run, judgements: Sequence[Judgement]) -> None:
        """Log a run and what the judge says of its steps."""
        if run.outcome is Outcome.MISSED:
            self._missed[run.reason] += run.due_count
            return
        self._log.info(
            "run.stored", run=run.id, check=run.check, location=run.location, outcome=run.outcome.value,
            reason=run.reason, duration_ms=(run.finished_us - run.started_us) // 1000,
        )  # fmt: skip
        for judgement in judgements:
            series, condition = (run.check, run.environment, run.location, judgement.step), judgement.signal.condition
            if condition not in {Condition.DEGRADED, Condition.IMPROVED}:
                self._deviating.pop(series, None)
            elif self._deviating.get(series) != condition:
                self._deviating[series] = condition
                self._log.warning("step.deviates", check=run.check, step=judgement.step, reason=judgement.signal.reason)

    def ticked(self, now_us: int) -> None:  # noqa: ARG002 - a tick is a tick
        """Log what was missed since the last tick."""
        for reason, count in self._missed.items():
            self._log.warning("runs.missed", count=count, reason=reason)
        self._missed.clear()
