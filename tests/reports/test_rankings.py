"""What stands out in a report, and what of it is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store

from outrider.baselines import Quantile
from outrider.model import CheckId, Outcome
from outrider.reports import gather, render_html, week_of
from outrider.reports.facts import Health, StepFigures
from outrider.reports.rankings import flakiest, slowest
from outrider.reports.report_settings import ReportSettings
from outrider.reports.report_text import as_csv, health_lines

from .conftest import NOW_US

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.reports import Report


def health(number: int) -> Health:
    """Return a check of one step; the higher its number, the slower and the flakier."""
    p50 = Quantile(float(number), float(number), float(number), 100)
    step = StepFigures(f"step {number}", 100, p50, None, None, None, None)
    counts = {Outcome.PASSED: 100, Outcome.PASSED_ON_RETRY: number}
    return Health(
        CheckId(f"journey:{number}"), f"check {number}", "journey", "production", "local", counts,
        None, None, None, None, steps=(step,),
    )  # fmt: skip


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Return a report of twenty-five checks."""
    with new_store(tmp_path / "runs.db", artifacts=tmp_path / "artifacts") as store:
        empty = gather(store, ReportSettings(), week_of(None, NOW_US, "UTC"), NOW_US, workspace="shop")
    return replace(empty, health=tuple(health(number) for number in range(1, 26)))


def test_rankings_say_whether_they_are_complete(report: Report) -> None:
    """Ten rows say that there are more; all of them are there when asked for."""
    steps, checks = slowest(report), flakiest(report)

    assert [step.name for _, step in steps] == [f"step {number}" for number in range(25, 15, -1)]
    assert (len(checks), checks.is_complete, steps.is_complete) == (10, False, False)
    assert (len(flakiest(report, limit=None)), flakiest(report, limit=None).is_complete) == (25, True)


def test_a_page_says_which_rows_it_leaves_out(report: Report) -> None:
    """A reader knows that the tables are the top of longer ones."""
    page = render_html(report, ReportSettings())

    assert "Only the slowest 10 steps." in page
    assert "Only the 10 with the largest share." in page


def test_a_mail_counts_the_checks_that_it_leaves_out(report: Report) -> None:
    """Twenty lines and their rest."""
    assert health_lines(report)[-1] == "- and 5 more"


def test_a_table_for_a_spreadsheet_leaves_nothing_out(report: Report) -> None:
    """Who takes the values along takes all of them."""
    assert len(as_csv(report, "flaky").splitlines()) == 26
