"""What stands out in a report: the slowest steps and the flakiest checks. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import Excerpt, Outcome

if TYPE_CHECKING:
    from outrider.reports.facts import Health, Report, StepFigures

_ROWS = 10


def slowest(report: Report, limit: int | None = _ROWS) -> Excerpt[tuple[str, StepFigures]]:
    """Return the steps with the longest p50, and their checks."""
    ranked = [(health.name, step) for health in report.health for step in health.steps if step.p50]
    return Excerpt.within(sorted(ranked, key=lambda row: -row[1].p50.value if row[1].p50 else 0.0), limit)


def flakiest(report: Report, limit: int | None = _ROWS) -> Excerpt[tuple[Health, int]]:
    """Return the checks that passed on retry most often, by share of their runs, and how often they did."""
    ranked = [(health, health.counts.get(Outcome.PASSED_ON_RETRY, 0)) for health in report.health]
    return Excerpt.within(sorted((row for row in ranked if row[1]), key=lambda row: -row[1] / row[0].runs), limit)
