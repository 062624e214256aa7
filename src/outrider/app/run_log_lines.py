"""A listener of the service that logs its runs, for people and for what collects logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from outrider.baselines import Condition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Run
    from outrider.runs import Judgement


class RunLogLines:
    """Logs every stored run, and each step that deviates."""

    def __init__(self) -> None:
        self._log = structlog.get_logger("outrider.runs")

    def run_finished(self, run: Run, judgements: Sequence[Judgement]) -> None:
        """Log a run and what the judge says of its steps."""
        self._log.info(
            "run.stored", run=run.id, check=run.check, location=run.location, outcome=run.outcome.value,
            reason=run.reason, duration_ms=(run.finished_us - run.started_us) // 1000,
        )  # fmt: skip
        for judgement in judgements:
            if judgement.signal.condition in {Condition.DEGRADED, Condition.IMPROVED}:
                self._log.warning("step.deviates", check=run.check, step=judgement.step, reason=judgement.signal.reason)

    def ticked(self, now_us: int) -> None:
        """Ignore the time."""
