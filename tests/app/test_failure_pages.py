"""A page of each run that did not pass."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.app.test_run_execution import Log
from tests.builders import new_store
from tests.store.conftest import Maker

from outrider.app import write_failure_pages
from outrider.model import Outcome
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.store import Store
    from outrider.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "outrider.toml").write_text('[workspace]\nname = "shop"\n')
    return load(tmp_path)


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    opened = new_store(workspace.state / "outrider.db", artifacts=workspace.state / "artifacts")
    yield opened
    opened.close()


def test_the_page_of_a_failure_is_named_after_its_check(workspace: Workspace, store: Store, tmp_path: Path) -> None:
    """A run that passed or was skipped has none."""
    make = Maker(tmp_path)
    failed = make.attempt(outcome=Outcome.FAILED, reason="expected Thanks")
    check = "journey:journeys/test_shop.py::test_pay[by card/EUR]"
    bad = make.run(check, failed, outcome=Outcome.FAILED, reason="expected Thanks")
    runs = [bad, make.run(), make.run(outcome=Outcome.SKIPPED)]
    store.runs.record_many(runs)

    pages = write_failure_pages(workspace, store, runs)

    (page,) = pages.values()
    assert page == workspace.state / "failures" / f"test_pay-by-card-EUR-{bad.id[-8:]}.html"
    assert "expected Thanks" in page.read_text()


def test_pages_are_bounded_and_old_ones_go(workspace: Workspace, store: Store, tmp_path: Path) -> None:
    """Ten of one command, and none older than evidence may be."""
    make = Maker(tmp_path)
    runs = [make.run("probe:p", make.attempt(outcome=Outcome.FAILED), outcome=Outcome.FAILED) for _ in range(12)]
    store.runs.record_many(runs)
    old = workspace.state / "failures" / "old.html"
    old.parent.mkdir(parents=True)
    old.write_text("old")
    os.utime(old, (0, 0))

    pages = write_failure_pages(workspace, store, runs)

    assert list(pages) == [run.id for run in runs[:10]]
    assert not old.exists()


def test_a_page_that_cannot_be_written_is_a_problem_and_no_more(
    workspace: Workspace, store: Store, tmp_path: Path
) -> None:
    """The run is stored, and what is wrong is told."""
    make = Maker(tmp_path)
    run = make.run("probe:p", make.attempt(outcome=Outcome.FAILED), outcome=Outcome.FAILED)
    store.runs.record(run)
    (workspace.state / "failures").write_text("a file in its place")
    log = Log()

    assert write_failure_pages(workspace, store, [run], listener=log) == {}
    assert [problem.slug for problem in log.problems] == ["unwritable-report"]
