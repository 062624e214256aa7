"""What stands out in a report: the slowest steps and the flakiest checks. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import Outcome

if TYPE_CHECKING:
    from outrider.reports.facts import Health, Report, StepFigures

_ROWS = 10


def slowest(report: Report) -> list[tuple[str, StepFigures]]:
    """Return the steps with the longest p50, and their checks."""
    found = [(one.name, step) for one in report.health for step in one.steps if step.p50]
    return sorted(found, key=lambda each: -each[1].p50.value if each[1].p50 else 0.0)[:_ROWS]


def flakiest(report: Report) -> list[tuple[Health, int]]:
    """Return the checks that passed on retry most often, by share of their runs, and how often they did."""
    found = [(one, one.counts.get(Outcome.PASSED_ON_RETRY, 0)) for one in report.health]
    return sorted((each for each in found if each[1]), key=lambda each: -each[1] / each[0].runs)[:_ROWS]
